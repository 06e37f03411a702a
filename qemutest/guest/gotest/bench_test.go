package gotest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/machine"
)

// BenchmarkEmptyTest runs a binary without a test in it, as qemu-exec does, and
// in turns boots the same machine only, from its launch to the first answer of
// the agent. What the run takes beyond that, in seconds, is "s-above-boot".
func BenchmarkEmptyTest(b *testing.B) {
	i := invocation(b, nil, "-test.run=^$")
	var boots, runs time.Duration
	for b.Loop() {
		boots += bootOnly(b, i)
		began := time.Now()
		status, output, err := run(b, Runner{}, i)
		runs += time.Since(began)
		require.NoError(b, err)
		require.Zero(b, status, output)
	}
	n := float64(b.N)
	b.ReportMetric(boots.Seconds()/n, "s-boot")
	b.ReportMetric(runs.Seconds()/n, "s-run")
	b.ReportMetric((runs-boots).Seconds()/n, "s-above-boot")
}

// bootOnly boots the machine that would run the binary, and returns the time
// from launch to answer.
func bootOnly(b *testing.B, i Invocation) time.Duration {
	b.Helper()
	var r Runner
	p, err := r.platform(i)
	require.NoError(b, err)
	config, err := r.prepare(b.Context(), p, i, b.TempDir())
	require.NoError(b, err)
	began := time.Now()
	m, err := machine.Launch(b.Context(), config)
	require.NoError(b, err)
	g := guest.NewAgent(m.Channel(0), guest.Port)
	_, err = g.Wait(b.Context())
	took := time.Since(began)
	require.NoError(b, err)
	require.NoError(b, g.Close())
	require.NoError(b, m.Close())
	return took
}
