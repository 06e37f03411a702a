package disk

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mbr returns an image whose partition table has one entry, the second.
func mbr(partitionType byte, start uint32) []byte {
	image := make([]byte, 8*sectorSize)
	image[446+16+4] = partitionType
	binary.LittleEndian.PutUint32(image[446+16+8:], start)
	copy(image[510:], "\x55\xaa")
	return image
}

func TestFirstPartition(t *testing.T) {
	t.Parallel()
	gpt := mbr(0xee, 1)
	copy(gpt[sectorSize:], "EFI PART")
	binary.LittleEndian.PutUint64(gpt[sectorSize+72:], 3)
	binary.LittleEndian.PutUint64(gpt[3*sectorSize+32:], 2048)
	for name, test := range map[string]struct {
		image []byte
		want  int64
		err   string
	}{
		"MBR":                 {image: mbr(0x0c, 2048), want: 1 << 20},
		"GPT":                 {image: gpt, want: 1 << 20},
		"no table":            {image: make([]byte, sectorSize), err: "signature of an MBR is missing"},
		"short":               {image: make([]byte, 100), err: "EOF"},
		"empty":               {image: mbr(0, 0), err: "table is empty"},
		"GPT without header":  {image: mbr(0xee, 1), err: "signature is missing"},
		"GPT without table":   {image: gpt[:2*sectorSize], err: "EOF"},
		"GPT with no content": {image: append(gpt[:3*sectorSize:3*sectorSize], make([]byte, sectorSize)...), err: "begin in sector 0"},
	} {
		offset, err := firstPartition(bytes.NewReader(test.image))
		if test.err != "" {
			require.ErrorContains(t, err, test.err, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, test.want, offset, name)
	}
}
