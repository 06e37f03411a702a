package qemutest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersionConstraint(t *testing.T) {
	for _, test := range []struct {
		constraint string
		version    [3]int
		holds      bool
	}{
		{">= 8.1", [3]int{8, 1, 0}, true},
		{">= 8.1", [3]int{8, 0, 5}, false},
		{">= 8.1", [3]int{10, 0, 2}, true},
		{"> 7.2", [3]int{7, 2, 9}, false},
		{"> 7.2.3", [3]int{7, 2, 9}, true},
		{"== 7.2", [3]int{7, 2, 22}, true},
		{"!= 7.2", [3]int{7, 2, 22}, false},
		{"<= 9", [3]int{9, 2, 1}, true},
		{"< 9", [3]int{9, 0, 0}, false},
		{">=8.0, <9.1", [3]int{9, 0, 3}, true},
		{">=8.0, <9.1", [3]int{9, 1, 0}, false},
	} {
		conditions, err := parseConstraint(test.constraint)
		require.NoError(t, err)
		holds := true
		for _, c := range conditions {
			holds = holds && c.holds(test.version)
		}
		assert.Equal(t, test.holds, holds, "%v %s", test.version, test.constraint)
	}
}

func TestVersionConstraintMalformed(t *testing.T) {
	for _, text := range []string{"", "8.1", ">= ", ">= x", "=> 8.1", ">= 8.1.2.3", ">= 8.1,", ">= -8"} {
		_, err := parseConstraint(text)
		assert.Error(t, err, "%q", text)
	}
}
