package archive

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// meetingReader holds up reads until two are under way at once.
type meetingReader struct {
	io.ReaderAt
	armed  atomic.Bool
	inside atomic.Int32
	met    chan struct{}
}

func (r *meetingReader) ReadAt(p []byte, offset int64) (int, error) {
	if r.armed.Load() {
		if r.inside.Add(1) == 2 {
			r.armed.Store(false)
			close(r.met)
		}
		select {
		case <-r.met:
		case <-time.After(20 * time.Second): // nobody comes
			r.armed.Store(false)
		}
		r.inside.Add(-1)
	}
	return r.ReaderAt.ReadAt(p, offset)
}

// The blocks of a file are decoded at the same time, not one after another.
func TestBlocksAreDecodedInParallel(t *testing.T) {
	t.Parallel()
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("needs two processors")
	}
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 16, BlockSize: 100_000}.NewWriter(&b)
	require.NoError(t, err)
	content := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())

	at := &meetingReader{ReaderAt: bytes.NewReader(b.Bytes()), met: make(chan struct{})}
	in := newSection(context.Background(), at, 0, int64(b.Len()))
	data, err := newDecompressor(in, XZ)
	require.NoError(t, err)
	defer data.Close()
	at.armed.Store(true)
	got, err := io.ReadAll(data)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(content, got))
	select {
	case <-at.met:
	default:
		t.Error("no two blocks were read at once")
	}
}
