package vmstate

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// references returns version, target and machine of every reference.
func references(t *testing.T) (list [][3]string) {
	t.Helper()
	names, err := fs.Glob(testdata, "testdata/*/*/*.json.zst")
	require.NoError(t, err)
	for _, name := range names {
		elems := strings.Split(name, "/")
		list = append(list, [3]string{elems[1], elems[2], strings.TrimSuffix(path.Base(name), ".json.zst")})
	}
	return list
}

func TestReferences(t *testing.T) {
	t.Parallel()
	list := references(t)
	require.Len(t, list, 5)
	for _, r := range list {
		t.Run(r[1], func(t *testing.T) {
			t.Parallel()
			reference, err := LoadReference(r[0], r[1], r[2])
			require.NoError(t, err)
			assert.Equal(t, r[2], reference.Machine)
			assert.NotEmpty(t, reference.Onboard)
			for _, name := range reference.Onboard {
				assert.NotNil(t, reference.Section(name), name)
			}
			assert.Equal(t, Report{}, reference.Compare(reference.Dump))
		})
	}
}

func TestLoadReferenceMissing(t *testing.T) {
	t.Parallel()
	_, err := LoadReference("7.2", "x86_64", "isapc")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "README.md says how to make one")
}

// Every change that a QEMU could make to a machine's devices ends up in the
// right part of the report.
func TestReferenceCompare(t *testing.T) {
	t.Parallel()
	load := func() *Reference {
		reference, err := LoadReference("7.2", "x86_64", "pc-q35-7.2")
		require.NoError(t, err)
		return reference
	}
	without := func(name string) *Dump {
		d := load().Dump
		i := d.index[name]
		d.Sections[i].Name = "gone"
		delete(d.index, name)
		return d
	}
	reference := load()
	assert.Equal(t, Report{Absent: []string{"usb-redir"}}, reference.Compare(without("usb-redir")), "a module that is not installed")

	report := reference.Compare(without("ICH9-LPC"))
	assert.Equal(t, []string{`Section "ICH9-LPC" does not exist in dest`}, lines(report.Incompatible), "the machine can't be without it")
	assert.Empty(t, report.Absent)

	changed := load().Dump
	fields := changed.Section("e1000").Description.Fields
	slices.Reverse(fields)
	report = reference.Compare(changed)
	require.Len(t, report.Incompatible, 1)
	assert.Equal(t, "e1000", report.Incompatible[0].Section)

	changed = load().Dump
	esp := changed.Section("am53c974").Description
	esp.Fields[len(esp.Fields)-1].Description.Fields = nil
	report = reference.Compare(changed)
	assert.Empty(t, report.Incompatible)
	require.Len(t, report.Known, 1)
	assert.Contains(t, report.Known[0].Reason, "Missing section footer")
}

func BenchmarkReferenceCompare(b *testing.B) {
	for b.Loop() {
		reference, err := LoadReference("7.2", "x86_64", "pc-q35-7.2")
		require.NoError(b, err)
		reference.Compare(reference.Dump)
	}
}
