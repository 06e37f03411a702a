package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/mikelolasagasti/xz"
)

// xzBlock is one block of a file, as its index says. Blocks are compressed independently of each other.
type xzBlock struct {
	offset       int64 // in the file
	size         int64 // header, data and checksum, without the padding
	uncompressed int64
	flags        [2]byte // of its stream
}

// maxIndex bounds the index that is held in memory to find the blocks; it is enough for a file of 2 TB in blocks of the
// default size. 1 MiB.
const maxIndex = 1 << 20

// maxXZBlocks bounds how many blocks are known at once, in all streams of a file: it may be made of millions.
const maxXZBlocks = 1 << 16

// maxParallelDictionary is the largest dictionary of blocks that are decoded in parallel, because each worker has its
// own: that of xz -6, the default. 8 MiB.
const maxParallelDictionary = 8 << 20

// xzBlocks reads the indexes of all streams of a file from its end. It returns nil if anything about them is not as it
// should be, or would take too much memory: then the file is decoded from its beginning, which finds out what is wrong
// and where.
func xzBlocks(at io.ReaderAt, size int64) []xzBlock {
	var blocks []xzBlock // the last one first
	for end := size; end > 0; {
		stream, start := xzStreamBlocks(at, end)
		if stream == nil || len(blocks)+len(stream) > maxXZBlocks {
			return nil
		}
		slices.Reverse(stream)
		blocks = append(blocks, stream...)
		end = start
	}
	slices.Reverse(blocks)
	for _, b := range blocks {
		if b.dictionary(at) > maxParallelDictionary {
			return nil
		}
	}
	return blocks
}

// dictionary returns the size of the dictionary that the block's header declares, or of a larger one that its bytes could
// be taken for. A header that cannot be read has none.
func (b xzBlock) dictionary(at io.ReaderAt) (size int64) {
	const (
		lzma2         = "\x21\x01" // the filter's id and the size of its properties
		maxHeaderSize = 1024
	)
	header := make([]byte, min(b.size, maxHeaderSize))
	if _, err := at.ReadAt(header, b.offset); err != nil {
		return 0
	}
	header = header[:min(len(header), (int(header[0])+1)*4)]
	for {
		_, properties, found := bytes.Cut(header, []byte(lzma2))
		if !found || len(properties) == 0 {
			return size
		}
		// Mantissa and exponent: see the xz file format 1.2.0, section 5.3.1.
		if bits := properties[0]; bits <= 40 {
			size = max(size, int64(2|bits&1)<<(bits/2+11))
		}
		header = properties
	}
}

// xzStreamBlocks finds the blocks of the stream that ends, with padding, at end, and where it starts.
func xzStreamBlocks(at io.ReaderAt, end int64) (blocks []xzBlock, start int64) {
	footer := make([]byte, xzHeaderSize)
	for { // stream padding comes in groups of four zeros
		end -= xzHeaderSize
		if end < xzHeaderSize {
			return nil, 0
		}
		if _, err := at.ReadAt(footer, end); err != nil {
			return nil, 0
		}
		if !bytes.Equal(footer[8:], make([]byte, 4)) {
			break
		}
		end += xzHeaderSize - 4
	}
	if string(footer[10:]) != "YZ" || crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return nil, 0
	}
	indexSize := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	indexStart := end - indexSize
	if indexSize > maxIndex || indexStart < xzHeaderSize {
		return nil, 0
	}
	index := make([]byte, indexSize)
	if _, err := at.ReadAt(index, indexStart); err != nil {
		return nil, 0
	}
	blocks, total := parseXZIndex(index)
	start = indexStart - total - xzHeaderSize
	if blocks == nil || start < 0 {
		return nil, 0
	}
	flags := [2]byte(footer[8:10])
	header := make([]byte, xzHeaderSize)
	if _, err := at.ReadAt(header, start); err != nil || !bytes.Equal(header, xzStreamHeader(flags)) {
		return nil, 0
	}
	for i := range blocks {
		blocks[i].offset += start + xzHeaderSize
		blocks[i].flags = flags
	}
	return blocks, start
}

func xzStreamHeader(flags [2]byte) []byte {
	header := append([]byte(xzMagic), flags[:]...)
	return binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(flags[:]))
}

// parseXZIndex reads an index with its checksum. The offsets it returns count from the first block; total is the size of
// all blocks with their padding. It returns nil for an index that is wrong or has no blocks.
func parseXZIndex(index []byte) (blocks []xzBlock, total int64) {
	body := index[:len(index)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(index[len(body):]) || body[0] != 0 {
		return nil, 0
	}
	body = body[1:]
	number := func() (int64, bool) {
		v, n := binary.Uvarint(body)
		if n <= 0 || v > 1<<62 {
			return 0, false
		}
		body = body[n:]
		return int64(v), true
	}
	count, ok := number()
	if !ok || count > int64(len(body)) {
		return nil, 0
	}
	for range count {
		size, ok := number()
		uncompressed, ok2 := number()
		if !ok || !ok2 || size == 0 || total > 1<<62-size-3 {
			return nil, 0
		}
		blocks = append(blocks, xzBlock{offset: total, size: size, uncompressed: uncompressed})
		total += size + padding(size, 4)
	}
	return blocks, total
}

// open decodes the block alone, as a stream of its own made of the block and a header, an index and a footer for it. So
// the library checks all that it checks in a whole file: the checksum, and both sizes against the index.
func (b xzBlock) open(at io.ReaderAt) (*xz.Reader, error) {
	tail := []byte{0, 1} // an index of one record
	tail = binary.AppendUvarint(tail, uint64(b.size))
	tail = binary.AppendUvarint(tail, uint64(b.uncompressed))
	tail = append(tail, make([]byte, padding(int64(len(tail)), 4))...)
	tail = binary.LittleEndian.AppendUint32(tail, crc32.ChecksumIEEE(tail))
	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(tail)/4-1))
	footer = append(footer, b.flags[:]...)
	tail = binary.LittleEndian.AppendUint32(tail, crc32.ChecksumIEEE(footer))
	tail = append(append(tail, footer...), 'Y', 'Z')

	return xz.NewReader(io.MultiReader(bytes.NewReader(xzStreamHeader(b.flags)),
		io.NewSectionReader(at, b.offset, b.size+padding(b.size, 4)), bytes.NewReader(tail)), maxDictionary)
}

const (
	// xzPiece is how decoded data travels, xzAhead how many pieces of a block may wait until it is their turn. Together
	// they hold one block as xz -6 makes it. 1 MiB, 24 MiB.
	xzPiece = 1 << 20
	xzAhead = 24
	// maxXZWorkers bounds memory: each worker has its dictionary and its waiting pieces.
	maxXZWorkers = 4
)

// xzPart is a piece of a block's data, or the error that ended it.
type xzPart struct {
	data []byte
	err  error
}

// parallelXZ decodes the blocks of a file in several goroutines and reads them in their order. Debian packages and
// everything that came from a recent xz, or from xz -T, have blocks.
type parallelXZ struct {
	at       io.ReaderAt
	blocks   chan chan xzPart // one channel per block, in order
	current  chan xzPart
	data     []byte // the rest of the part that is being read
	err      error
	stop     chan struct{}
	stopOnce sync.Once
	workers  sync.WaitGroup
}

func newParallelXZ(at io.ReaderAt, blocks []xzBlock) *parallelXZ {
	workers := min(runtime.GOMAXPROCS(0), maxXZWorkers, len(blocks))
	p := &parallelXZ{
		at: at,
		// Room for all workers but the one whose block is being read.
		blocks: make(chan chan xzPart, workers-1),
		stop:   make(chan struct{}),
	}
	p.workers.Go(func() { p.dispatch(blocks) })
	return p
}

// dispatch starts a worker for a block when its turn is near.
func (p *parallelXZ) dispatch(blocks []xzBlock) {
	defer close(p.blocks)
	for _, b := range blocks {
		parts := make(chan xzPart, xzAhead)
		select {
		case p.blocks <- parts:
		case <-p.stop:
			return
		}
		p.workers.Go(func() { p.decode(b, parts) })
	}
}

func (p *parallelXZ) decode(b xzBlock, parts chan<- xzPart) {
	defer close(parts)
	data, err := b.open(p.at)
	for err == nil {
		piece := make([]byte, xzPiece)
		var n int
		if n, err = io.ReadFull(data, piece); n > 0 && !p.send(parts, xzPart{data: piece[:n]}) {
			return
		}
	}
	// The library knows no io.ErrUnexpectedEOF: that one is ReadFull's word for the last piece.
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		p.send(parts, xzPart{err: b.fault(err)})
	}
}

// send hands a part to the reader; it reports false if there is none any more.
func (p *parallelXZ) send(parts chan<- xzPart, part xzPart) bool {
	select {
	case parts <- part:
		return true
	case <-p.stop:
		return false
	}
}

func (b xzBlock) fault(err error) error {
	if unsupported := xzUnsupported(err); unsupported != nil {
		return unsupported
	}
	if !errors.Is(err, xz.ErrData) && !errors.Is(err, xz.ErrBuf) {
		return err // the file cannot be read
	}
	return fmt.Errorf("xz data is broken in the block at byte %d (%v): %w", b.offset, err, ErrCorrupt)
}

func (p *parallelXZ) Read(b []byte) (int, error) {
	for len(p.data) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.next()
	}
	n := copy(b, p.data)
	p.data = p.data[n:]
	return n, nil
}

// next waits for the next part, the next block or the end.
func (p *parallelXZ) next() {
	if p.current == nil {
		current, ok := <-p.blocks
		if !ok {
			p.err = io.EOF
			return
		}
		p.current = current
	}
	part, ok := <-p.current
	if !ok {
		p.current = nil
		return
	}
	p.data, p.err = part.data, part.err
}

// Close stops the workers and returns when none of them reads the file any more.
func (p *parallelXZ) Close() error {
	p.stopOnce.Do(func() { close(p.stop) })
	p.workers.Wait()
	p.data, p.err = nil, io.ErrClosedPipe
	return nil
}
