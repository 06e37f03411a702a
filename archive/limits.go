package archive

import "fmt"

// Limits bound what one call may produce, so that a small hostile file cannot fill a disk. The zero value stands for
// the defaults; a negative value means no limit.
type Limits struct {
	// Size is the number of bytes of all extracted files together, holes included. Default 32 GiB; 1 GiB for
	// ReadMember, which holds them in memory.
	Size int64
	// Files is the number of extracted members of any kind. Default 1,048,576.
	Files int64
	// Ratio is how many bytes may be written for each byte of input. Runs of zeros do not count, because they
	// become holes and take no room, and neither do the first 256 MiB. Default 10,000, which is above what xz makes
	// of a flash image that is filled with 0xff.
	Ratio int64
}

const (
	defaultSize       = 32 << 30
	defaultMemorySize = 1 << 30
	defaultFiles      = 1 << 20
	defaultRatio      = 10_000
	ratioFreeSize     = 256 << 20
)

// budget counts against Limits.
type budget struct {
	limits Limits
	// input tells how many bytes of input there are, or have been read so far where the end is unknown.
	input              func() int64
	size, files, dense int64
}

func newBudget(l Limits, input func() int64) *budget {
	withDefault := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	withDefault(&l.Size, defaultSize)
	withDefault(&l.Files, defaultFiles)
	withDefault(&l.Ratio, defaultRatio)
	return &budget{limits: l, input: input}
}

// addFile counts one member and refuses a declared size that cannot fit before anything is written for it.
func (b *budget) addFile(declared int64) error {
	b.files++
	if b.limits.Files >= 0 && b.files > b.limits.Files {
		return fmt.Errorf("more than %d members: raise Limits.Files if that is right: %w", b.limits.Files, ErrLimit)
	}
	// Compared by subtraction: a declared size near the largest integer must not wrap around.
	if b.limits.Size >= 0 && declared > b.limits.Size-b.size {
		return b.tooLarge()
	}
	return nil
}

// addBytes counts n bytes of output, of which dense take room on the disk.
func (b *budget) addBytes(n, dense int64) error {
	b.size += n
	b.dense += dense
	if b.limits.Size >= 0 && b.size > b.limits.Size {
		return b.tooLarge()
	}
	if b.limits.Ratio >= 0 && b.dense > ratioFreeSize && b.dense/max(b.input(), 1) > b.limits.Ratio {
		return fmt.Errorf("more than %d bytes of output for each byte of input: raise Limits.Ratio if that is right: %w",
			b.limits.Ratio, ErrLimit)
	}
	return nil
}

func (b *budget) tooLarge() error {
	return fmt.Errorf("more than %d bytes of output: raise Limits.Size if that is right: %w", b.limits.Size, ErrLimit)
}
