package archive_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

func BenchmarkSmall(b *testing.B) {
	data := buildTar(b, file("a", "x"))
	dst := b.TempDir()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		require.NoError(b, archive.Extract(context.Background(), filepath.Join(dst, strconv.Itoa(i)), stream(data, "x.tar"), archive.Options{}))
	}
}
