package vmstate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decode reads a dump that must be good.
func decode(t testing.TB, text string) *Dump {
	t.Helper()
	d, err := Decode(strings.NewReader(text))
	require.NoError(t, err)
	return d
}

func TestDecode(t *testing.T) {
	t.Parallel()
	d := decode(t, `{
		"vmschkmachine": {"Name": "virt-7.2", "future": [1, {}]},
		"zz": {"Name": "zz", "version_id": 3, "minimum_version_id": 2, "Description": {
			"name": "zz-state", "version_id": 3, "minimum_version_id": 1, "future": true,
			"Fields": [
				{"field": "regs", "version_id": 2, "field_exists": true, "num": 16, "size": 4},
				{"field": "sub", "version_id": 0, "field_exists": false, "size": 8, "Description":
					{"name": "inner", "version_id": 1, "minimum_version_id": 1, "Fields": []}}
			],
			"Subsections": [{"name": "zz/extra", "version_id": 1, "minimum_version_id": 1}]}},
		"aa": {"Name": "aa", "version_id": -1}
	}`)
	assert.Equal(t, "virt-7.2", d.Machine)
	require.Len(t, d.Sections, 2)
	assert.Equal(t, "zz", d.Sections[0].Name, "sections keep their order")
	assert.Nil(t, d.Section("aa").Description)
	assert.Nil(t, d.Section("vmschkmachine"))

	zz := d.Section("zz")
	assert.Equal(t, 3, zz.Version)
	assert.Equal(t, 2, zz.MinimumVersion)
	assert.Equal(t, Field{Name: "regs", Version: 2, Size: 4, Num: 16, Conditional: true}, zz.Description.Fields[0])
	assert.Equal(t, "inner", zz.Description.Fields[1].Description.Name)
	assert.Equal(t, "zz/extra", zz.Description.Subsections[0].Name)
	assert.True(t, zz.Description.entries.has("future"))
	assert.False(t, zz.Description.Subsections[0].entries.has("Fields"))
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	const machine = `"vmschkmachine": {"Name": "m"}`
	for _, test := range []struct{ name, text, want string }{
		{"empty", ``, "unexpected EOF"},
		{"no JSON", `QEMU`, "invalid character 'Q'"},
		{"no object", `[]`, `byte 1: got [ instead of "{"`},
		{"no machine", `{}`, `"vmschkmachine" with the machine's "Name" is missing`},
		{"truncated", `{` + machine + `, "e1000": {"Name":`, `"e1000": "Name": unexpected EOF`},
		{"truncated at the end", `{` + machine, "unexpected EOF"},
		{"trailing garbage", `{` + machine + `} {`, "after the end of the dump"},
		{"section twice", `{` + machine + `, "a": {}, "a": {}}`, `"a" appears twice`},
		{"section of wrong type", `{` + machine + `, "a": 1}`, `"a": byte 39: got 1 instead of "{"`},
		{"version of wrong type", `{` + machine + `, "a": {"version_id": "1"}}`, `"a": "version_id": json: cannot unmarshal string`},
		{"field of wrong type", `{` + machine + `, "a": {"Description": {"Fields": [{}, 7]}}}`, `"a": "Description": "Fields": element 1: byte`},
		{
			"too deep",
			`{` + machine + `, "a": {` + strings.Repeat(`"Description": {"Fields": [{`, maxDepth+1),
			"structures nest deeper than 64",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Decode(strings.NewReader(test.text))
			require.ErrorContains(t, err, "expected a vmstate dump as QEMU's -dump-vmstate writes it: ")
			require.ErrorContains(t, err, test.want)
		})
	}
}

// Any input gives a dump or an error, and any two dumps can be compared.
func FuzzDecode(f *testing.F) {
	f.Add(`{"vmschkmachine": {"Name": "m"}, "a": {"Name": "a", "version_id": 2, "minimum_version_id": 1}}`)
	f.Add(`{"vmschkmachine": {"Name": "m"}, "a": {"Description": {"name": "d", "Fields": [
		{"field": "unused", "size": 4}, {"field": "b", "num": 2, "size": 2, "Description": {"Fields": [{"field": "c"}]}}],
		"Subsections": [{"name": "s"}, {"name": "t", "Fields": [{"field": "x", "field_exists": true}]}]}}}`)
	other := decode(f, `{"vmschkmachine": {"Name": "o"}, "a": {"Description": {"name": "d", "Fields": [
		{"field": "c", "size": 2}, {"field": "unused", "size": -3}, {"field": "b", "size": 4}]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Decode(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, finding := range append(Compare(d, other), Compare(other, d)...) {
			if strings.Contains(finding.String(), "unknown kind") {
				t.Errorf("%#v has no text", finding)
			}
		}
	})
}
