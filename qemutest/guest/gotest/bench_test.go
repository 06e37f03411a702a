package gotest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEmptyTest runs a binary without a test in it, as qemu-exec does. What
// a run takes beyond the boot in it, from the launch of the machine to the first
// answer of the agent and without a wait for its place, is "s-above-boot", which
// may be 1. The figures are medians.
func BenchmarkEmptyTest(b *testing.B) {
	i := invocation(b, nil, "-test.run=^$")
	var boots, above []time.Duration
	for b.Loop() {
		var waited, boot time.Duration
		began := time.Now()
		r := Runner{
			placed: func(took time.Duration) { waited = took },
			booted: func(took time.Duration) { boot = took },
		}
		status, output, err := run(b, r, i)
		took := time.Since(began)
		require.NoError(b, err)
		require.Zero(b, status, output)
		boots, above = append(boots, boot), append(above, took-waited-boot)
	}
	b.ReportMetric(median(boots).Seconds(), "s-boot")
	b.ReportMetric(median(above).Seconds(), "s-above-boot")
}

func median(values []time.Duration) time.Duration {
	slices.Sort(values)
	return values[len(values)/2]
}
