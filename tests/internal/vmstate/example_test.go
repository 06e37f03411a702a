package vmstate_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func ExampleCompare() {
	const dump = `{
	  "vmschkmachine": { "Name": "%s" },
	  "ds1338": {
	    "Name": "ds1338", "version_id": 2, "minimum_version_id": 1,
	    "Description": {
	      "name": "ds1338", "version_id": 2, "minimum_version_id": 1,
	      "Fields": [ { "field": "offset", "version_id": 0, "field_exists": false, "size": %d } ]
	    }
	  }
	}`
	source, err := vmstate.Decode(strings.NewReader(fmt.Sprintf(dump, "virt-7.2", 8)))
	if err != nil {
		log.Fatal(err)
	}
	destination, err := vmstate.Decode(strings.NewReader(fmt.Sprintf(dump, "virt-7.2", 4)))
	if err != nil {
		log.Fatal(err)
	}
	for _, finding := range vmstate.Compare(source, destination) {
		fmt.Println(finding)
	}
	// Output:
	// Section "ds1338" Description "ds1338" Field "offset" size mismatch: 8 , 4
}

func ExampleReference_Compare() {
	reference, err := vmstate.LoadReference("7.2", "x86_64", "pc-q35-7.2")
	if err != nil {
		log.Fatal(err)
	}
	report := reference.Compare(reference.Dump)
	fmt.Println(len(report.Incompatible), "differences from itself")
	// Output:
	// 0 differences from itself
}
