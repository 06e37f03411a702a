package vmstate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// device returns a dump with one section, "dev", of version 2.
func device(t *testing.T, description string) *Dump {
	t.Helper()
	return decode(t, fmt.Sprintf(`{"vmschkmachine": {"Name": "m"},
		"dev": {"Name": "dev", "version_id": 2, "minimum_version_id": 1, "Description": %s}}`, description))
}

// fields returns a dump of a device with the given fields.
func fields(t *testing.T, list string) *Dump {
	t.Helper()
	return device(t, `{"name": "d", "version_id": 2, "minimum_version_id": 1, "Fields": [`+list+`]}`)
}

var fieldForm = regexp.MustCompile(`^(\w+)(?::(\d+))?(?:\*(\d+))?(\?)?(?:@(\d))?$`)

// list returns the JSON of fields in short form: name:size*num?@version, all
// but the name optional. The size is 4 by default; "?" is for a conditional
// field.
func list(short string) string {
	var all []string
	for _, field := range strings.Fields(short) {
		m := fieldForm.FindStringSubmatch(field)
		text := fmt.Sprintf(`"field": %q, "size": %s`, m[1], cmp.Or(m[2], "4"))
		if m[3] != "" {
			text += `, "num": ` + m[3]
		}
		text += fmt.Sprintf(`, "field_exists": %t, "version_id": %s`, m[4] != "", cmp.Or(m[5], "0"))
		all = append(all, "{"+text+"}")
	}
	return strings.Join(all, ",")
}

func lines(findings []Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.String())
	}
	return all
}

func TestCompareFields(t *testing.T) {
	t.Parallel()
	const dev = `Section "dev", Description "d": `
	for _, test := range []struct {
		name, source, destination string
		want                      string // "" for no finding
	}{
		{"equal", "a b", "a b", ""},
		{"other order", "a b", "b a", dev + `expected field "a", got "b"; skipping rest`},
		{"removed in the middle", "a b c", "a c", dev + `expected field "b", got "c"; skipping rest`},
		{"removed at the end", "a b", "a", dev + `expected field "b", while dest has no further fields`},
		{"added in the middle", "a c", "a b c", dev + `expected field "c", got "b"; skipping rest`},
		{"added at the end", "a", "a b", dev + `dest expects a further field "b"`},
		{"optional field added in the middle", "a c", "a b? c", ""},
		{"optional field added at the end", "a", "a b?", ""},
		{"newer field added in the middle", "a c", "a b@3 c", ""},
		{"newer field added at the end", "a", "a b@3", ""},
		{"field added to an unmigratable device", "", "a", ""},
		{"conditional field removed in the middle", "a b? c", "a c", dev + `conditional field "b" does not exist in dest`},
		{"conditional field removed at the end", "a b?", "a", dev + `conditional field "b" does not exist in dest`},
		{"size", "a:4", "a:8", `Section "dev" Description "d" Field "a" size mismatch: 4 , 8`},
		{"length", "a:8*2", "a:8*3", `Section "dev" Description "d" Field "a" size mismatch: 2 × 8 , 3 × 8`},
		{"length unknown", "a:8", "a:8*3", ""},
		{"version", "a@2", "a@0", `Section "dev" Description "d" Field "a": version error: 2 > 0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := lines(Compare(fields(t, list(test.source)), fields(t, list(test.destination))))
			assert.Equal(t, test.want, strings.Join(got, "\n"))
		})
	}
}

func TestComparePadding(t *testing.T) {
	t.Parallel()
	const mismatch = `Section "dev", Description "d": unused size mismatch near "a"`
	for _, test := range []struct {
		name, source, destination string
		want                      string // "" for no finding
	}{
		{"one field", "a c", "unused:4 c", ""},
		{"two fields", "a b c", "unused:8 c", ""},
		{"two fields at the end", "a b", "unused:8", ""},
		{"from the source", "unused:8 c", "a b c", ""},
		{"too small", "a c", "unused:2 c", mismatch},
		// The field z makes a dump one that tells the lengths of arrays.
		{"too large", "z*3 a", "z*3 unused:8", mismatch},
		{"covers one field too many", "z*3 a c", "z*3 unused:8 c", `Section "dev", Description "d": dest expects a further field "c"`},
		{"array", "a:2*4 c", "unused:8 c", ""},
		{"array of unknown length", "a:2 c", "unused:8 c", ""},
		{"array of unknown length, with a neighbour that fits", "a:1 b c", "unused:5 b c", ""}, // e1000e of QEMU 7.2
		{"padding of another size", "unused:4", "unused:8", `Section "dev" Description "d" Field "unused" size mismatch: 4 , 8`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := lines(Compare(fields(t, list(test.source)), fields(t, list(test.destination))))
			assert.Equal(t, test.want, strings.Join(got, "\n"))
		})
	}
}

func TestCompareStructures(t *testing.T) {
	t.Parallel()
	structure := func(name, fields string) string {
		return fmt.Sprintf(`{"field": %q, "size": 100, "Description":
			{"name": "%s-state", "version_id": 1, "minimum_version_id": 1, "Fields": [%s]}}`, name, name, fields)
	}
	flat := list("a b c")
	nested := structure("s", structure("t", list("a"))+","+list("b")) + "," + list("c")

	require.Empty(t, Compare(fields(t, flat), fields(t, nested)), "gathered into structures")
	require.Empty(t, Compare(fields(t, nested), fields(t, flat)), "spread from structures")
	require.Equal(t, []string{`Section "dev", Description "d": expected field "c", while dest has no further fields`},
		lines(Compare(fields(t, flat), fields(t, structure("s", list("a b"))))))

	require.Equal(t, []string{`Section "dev", Description "d", Field "s": missing description`},
		lines(Compare(fields(t, structure("s", list("a"))), fields(t, list("s")))))

	t.Run("the place is told", func(t *testing.T) {
		t.Parallel()
		got := Compare(fields(t, structure("s", structure("t", list("a")))), fields(t, structure("s", structure("t", list("b")))))
		require.Equal(t, []Finding{{
			Kind: FieldDiffers, Section: "dev", Path: []string{"d", "s", "s-state", "t", "t-state"},
			Description: "t-state", Field: "a", Source: "a", Destination: "b",
		}}, got)
	})
	t.Run("a version does not protect a structure in a structure", func(t *testing.T) {
		t.Parallel()
		got := lines(Compare(fields(t, structure("s", list("a"))), fields(t, structure("s", list("a n@1")))))
		require.Equal(t, []string{`Section "dev", Description "s-state": dest expects a further field "n"`}, got)
	})
}

func TestCompareSubsections(t *testing.T) {
	t.Parallel()
	subsections := func(list string) *Dump {
		return device(t, `{"name": "d", "version_id": 2, "minimum_version_id": 1, "Fields": [], "Subsections": [`+list+`]}`)
	}
	var (
		one    = `{"name": "d/one", "version_id": 1, "minimum_version_id": 1, "Fields": [` + list("a") + `]}`
		two    = `{"name": "d/two", "version_id": 1, "minimum_version_id": 1, "Fields": [` + list("b") + `]}`
		newTwo = `{"name": "d/two", "version_id": 3, "minimum_version_id": 2, "Fields": [` + list("b") + `]}`
	)
	assert.Empty(t, Compare(subsections(one+","+two), subsections(two+","+one)), "order does not matter")
	assert.Empty(t, Compare(subsections(one), subsections(two+","+one)), "more may be read")
	assert.Equal(t, []string{`Section "dev", Description "d": Subsection "d/one" not found`},
		lines(Compare(subsections(one+","+two), subsections(two))))
	assert.Equal(t, []string{`Section "dev" Description "d/two": minimum version error: 1 < 2`},
		lines(Compare(subsections(two), subsections(newTwo))))
	assert.Equal(t, []string{`Section "dev" Description "d/two": version error: 3 > 1`},
		lines(Compare(subsections(newTwo), subsections(two))))
}

func TestCompareSections(t *testing.T) {
	t.Parallel()
	section := func(machine, name, rest string) *Dump {
		return decode(t, fmt.Sprintf(`{"vmschkmachine": {"Name": %q}, %q: {"Name": %q%s}}`, machine, name, name, rest))
	}
	version := func(v, minimum int) *Dump {
		return section("m", "dev", fmt.Sprintf(`, "version_id": %d, "minimum_version_id": %d`, v, minimum))
	}
	assert.Equal(t, []string{`Section "dev" does not exist in dest`}, lines(Compare(version(1, 1), section("m", "other", ""))))
	assert.Equal(t, []string{`Section "dev" version error: 2 > 1`}, lines(Compare(version(2, 1), version(1, 1))))
	assert.Equal(t, []string{`Section "dev" minimum version error: 1 < 2`}, lines(Compare(version(1, 1), version(2, 2))))
	assert.Empty(t, Compare(version(1, 1), version(2, 1)))
	assert.Equal(t, []string{`Section "dev": Entry "version_id" missing`},
		lines(Compare(version(0, 0), section("m", "dev", `, "minimum_version_id": 0`))))
	assert.Empty(t, Compare(section("m", "ICH9 LPC", ""), section("m", "ICH9-LPC", "")))
	assert.Empty(t, Compare(section("m", "e1000", ""), section("m", "e1000-82540em", "")))

	remark := Compare(section("m", "dev", ""), section("n", "dev", ""))
	require.Equal(t, []string{`Warning: checking incompatible machine types: "m", "n"`}, lines(remark))
	assert.True(t, remark[0].Compatible())
}

func TestCompareRenames(t *testing.T) {
	t.Parallel()
	gpe := func(names ...string) *Dump {
		return device(t, fmt.Sprintf(`{"name": "piix4_pm", "version_id": 2, "minimum_version_id": 1, "Fields": [
			{"field": %q, "size": 2}, {"field": %q, "size": 2}]}`, names[0], names[1]))
	}
	oldNames, newNames := []string{"pm1a.sts", "pm1a.en"}, []string{"ar.pm1.evt.sts", "ar.pm1.evt.en"}
	assert.Empty(t, Compare(gpe(oldNames...), gpe(newNames...)))
	assert.Empty(t, Compare(gpe(newNames...), gpe(oldNames...)))
	slices.Reverse(newNames)
	assert.Equal(t, []string{`Section "dev", Description "piix4_pm": expected field "pm1a.sts", got "ar.pm1.evt.en"; skipping rest`},
		lines(Compare(gpe(oldNames...), gpe(newNames...))), "renamed fields that changed places")

	ahci := func(name string) *Dump {
		return decode(t, `{"vmschkmachine": {"Name": "m"}, "ich9-ahci": {"Description": {"name": "`+name+`"}}}`)
	}
	assert.Empty(t, Compare(ahci("ahci"), ahci("ich9_ahci")))
	assert.Equal(t, []string{`Section "ich9-ahci": Description "ahci" missing, got "sata" instead; skipping`},
		lines(Compare(ahci("ahci"), ahci("sata"))))
}

// Every kind has a line of its own, which names the section.
func TestFindingString(t *testing.T) {
	t.Parallel()
	seen := map[string]Kind{}
	for kind := MachineDiffers; kind <= UnusedSizeDiffers; kind++ {
		f := Finding{Kind: kind, Section: "S", Description: "D", Field: "F", Source: "1", Destination: "2"}
		text := f.String()
		assert.NotContains(t, text, "unknown kind")
		assert.NotContains(t, seen, text)
		seen[text] = kind
		if kind != MachineDiffers {
			assert.Contains(t, text, `Section "S"`)
		}
		assert.Equal(t, kind == MachineDiffers, f.Compatible())
	}
	assert.Contains(t, Finding{Kind: -1}.String(), "unknown kind -1")
}
