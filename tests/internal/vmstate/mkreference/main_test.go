package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	const tree = "bus: main-system-bus\n  type System\n  dev: q35-pcihost, id \"\"\n    bus: pcie.0\n      type PCIE\n" +
		"      dev: ICH9-SMB, id \"\"\n        bus: i2c\n          type i2c-bus\n"
	const list = "name \"e1000\", bus PCI, desc \"Intel Gigabit Ethernet\"\n" +
		"name \"ds1338\", bus i2c-bus\n" +
		"name \"m25p80\", bus SSI\n" +
		"name \"pl011\", bus System, no-user\n" +
		"name \"led\"\n"
	require.Equal(t, map[string]bool{"e1000": true, "ds1338": true, "led": true}, fitting(tree, list))
	require.Equal(t, map[string]bool{"e1000": true, "led": true}, fitting("bus: main-system-bus\n  type System\n", list))
}

func TestRestrict(t *testing.T) {
	t.Parallel()
	dump := `{"vmschkmachine": {"Name": "m"}, "plugged": {"Name": "plugged"}, "foreign": {}, "built": {"a": [1]}}`
	got, built, err := restrict([]byte(dump),
		map[string]bool{"built": true, "without-section": true},
		map[string]bool{"plugged": true})
	require.NoError(t, err)
	require.Equal(t, []string{"built"}, built)
	require.JSONEq(t, `{"vmschkmachine": {"Name": "m"}, "plugged": {"Name": "plugged"}, "built": {"a": [1]}}`, string(got))

	_, _, err = restrict([]byte(dump[:40]), nil, nil)
	require.Error(t, err)
}
