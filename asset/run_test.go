package asset

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunOf(t *testing.T) {
	t.Parallel()
	table := map[int]process{
		1:  {name: "init", start: "0"},
		10: {name: "bash", parent: 1, start: "100"},
		20: {name: "go", parent: 10, start: "200"},
		30: {name: "strace", parent: 20, start: "300"},
		40: {name: "arm.test", parent: 30, start: "400"},
		41: {name: "arm.test", parent: 20, start: "401"},
		50: {name: "arm.test", parent: 10, start: "500"},
		60: {name: "arm.test", parent: 99, start: "600"},
	}
	lookup := func(pid int) (process, error) {
		p, ok := table[pid]
		if !ok {
			return p, os.ErrNotExist
		}
		return p, nil
	}
	assert.Equal(t, "20/200", runOf(40, lookup), "go test -exec strace")
	assert.Equal(t, "20/200", runOf(41, lookup), "another package of the same go test")
	assert.Equal(t, "50/500", runOf(50, lookup), "started by hand")
	assert.Equal(t, "60/600", runOf(60, lookup), "its parent is gone")
	assert.NotEqual(t, runOf(70, lookup), runOf(71, lookup), "no process table")
}

func TestLookupProcess(t *testing.T) {
	t.Parallel()
	self, err := lookupProcess(os.Getpid())
	require.NoError(t, err)
	assert.Equal(t, os.Getppid(), self.parent)
	assert.NotEmpty(t, self.start)
	assert.NotEmpty(t, self.name)
	_, err = lookupProcess(1 << 30)
	assert.Error(t, err)
}
