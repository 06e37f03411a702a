package reversedebug

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/qemutest"
)

// The firmware of s390x asks for the time late enough to be quit before that
// now and then: about one recording in twelve could not be replayed.
func TestRecordingsCanBeReplayed(t *testing.T) {
	for try := range 25 {
		t.Run(strconv.Itoa(try), func(t *testing.T) {
			q := qemutest.New(t, "s390x",
				qemutest.Machine("s390-ccw-virtio"),
				qemutest.Accel("tcg"))

			assert.Greater(t, Guest{Shift: 6}.record(q), int64(minimum))
		})
	}
}
