package timescale

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]time.Duration{"": time.Minute, "1": time.Minute, "2.5": 150 * time.Second, "0.5": 30 * time.Second} {
		t.Setenv(Env, text)
		limit, err := Of(time.Minute)
		require.NoError(t, err, text)
		assert.Equal(t, want, limit, text)
	}
	for _, text := range []string{"0", "-1", "NaN", "Inf", "1001", "fast", "2,5"} {
		t.Setenv(Env, text)
		_, err := Of(time.Minute)
		assert.ErrorContains(t, err, "QEMU_TEST_TIMEOUT_SCALE=\""+text+"\": expected a number above 0, for example 2.5")
	}
}
