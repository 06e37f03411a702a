// Package timescale is what QEMU_TEST_TIMEOUT_SCALE says: how much longer things
// may take on this host than on one that is not slow or loaded.
package timescale

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Env is the environment variable that multiplies time limits.
const Env = "QEMU_TEST_TIMEOUT_SCALE"

// Factor returns what the variable says, 1 if it is not set. A value that is no
// number above 0, or beyond 1000, is an error.
func Factor() (float64, error) {
	text := os.Getenv(Env)
	if text == "" {
		return 1, nil
	}
	factor, err := strconv.ParseFloat(text, 64)
	if err != nil || !(factor > 0 && factor <= 1000) {
		return 0, fmt.Errorf("%s=%q: expected a number above 0, for example 2.5", Env, text)
	}
	return factor, nil
}

// Longer is Factor for limits that bound what hangs, which a fast host does not
// make shorter: 1 where Factor is below that.
func Longer() (float64, error) {
	factor, err := Factor()
	return max(factor, 1), err
}

// Of returns a time limit multiplied by [Factor].
func Of(limit time.Duration) (time.Duration, error) {
	factor, err := Factor()
	return time.Duration(float64(limit) * factor), err
}
