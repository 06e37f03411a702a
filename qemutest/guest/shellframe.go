package guest

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// shellFrame is what the script in the guest (shell.sh) sends in one piece.
type shellFrame struct {
	kind    string // one letter, see shell.sh
	number  string
	content []byte
	damaged bool // content is nothing
}

// maxShellLine bounds a line, and maxShellBody what is kept of a frame whose
// end does not come, in bytes.
const (
	maxShellLine = 16 << 10
	maxShellBody = 256 << 10
)

// frameScanner finds frames in what a terminal shows. Lines of the kernel begin
// with their time in brackets, which frames don't have: from a bracket to the
// end of its line, nothing belongs to a frame, wherever in it that is. What else
// is written in the midst of a frame damages that, as its checksum tells.
type frameScanner struct {
	passing bool // in a line of the kernel
	line    []byte

	kind, number, sum string // of the frame; kind is "" outside
	body              []byte
}

// scan calls frame for every frame that is complete with p.
func (f *frameScanner) scan(p []byte, frame func(shellFrame)) {
	for _, c := range p {
		switch {
		case c == '\n' && f.passing:
			f.passing = false
		case c == '\n':
			f.endLine(frame)
			f.line = f.line[:0]
		case c == '[':
			f.passing = true
		case !f.passing && c > ' ' || c == ' ':
			if len(f.line) < maxShellLine && !f.passing {
				f.line = append(f.line, c)
			}
		}
	}
}

func (f *frameScanner) endLine(frame func(shellFrame)) {
	line := f.line
	if fields := strings.Fields(string(line)); len(fields) >= 2 && len(fields[0]) == 3 {
		mark, kind := fields[0][:2], fields[0][2:]
		switch {
		case mark == "@Q" && len(fields) == 3:
			f.kind, f.number, f.sum = kind, fields[1], fields[2]
			f.body = f.body[:0]
			return
		case mark == "@Z" && len(fields) == 2:
			f.endFrame(kind, fields[1], frame)
			return
		}
	}
	if f.kind != "" && len(f.body)+len(line) < maxShellBody {
		f.body = append(f.body, line...)
	}
}

func (f *frameScanner) endFrame(kind, number string, frame func(shellFrame)) {
	result := shellFrame{kind: kind, number: number, damaged: true}
	if f.kind == kind && f.number == number {
		content, ok := decodeShell(f.body)
		if ok && shellSum(f.sum, content) == f.sum {
			result.content, result.damaged = content, false
		}
	}
	f.kind = ""
	frame(result)
}

// decodeShell decodes the body of a frame: base64, or the octal numbers of od,
// each with a space before it.
func decodeShell(body []byte) ([]byte, bool) {
	if !bytes.Contains(body, []byte(" ")) {
		content := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
		n, err := base64.StdEncoding.Decode(content, body)
		return content[:n], err == nil
	}
	var content []byte
	for field := range strings.FieldsSeq(string(body)) {
		octet, err := strconv.ParseUint(field, 8, 8)
		if err != nil {
			return nil, false
		}
		content = append(content, byte(octet))
	}
	return content, true
}

// shellSum returns the checksum of the kind that another one is: MD5, or the
// CRC of cksum.
func shellSum(like string, content []byte) string {
	if len(like) == 2*md5.Size {
		sum := md5.Sum(content)
		return hex.EncodeToString(sum[:])
	}
	return strconv.FormatUint(uint64(posixCRC(content)), 10)
}

// crcTable is that of the CRC of POSIX's cksum: polynomial 0x04C11DB7, the
// highest bit first.
var crcTable = func() (table [256]uint32) {
	for i := range table {
		crc := uint32(i) << 24
		for range 8 {
			carry := crc >> 31
			crc = crc<<1 ^ carry*0x04c11db7
		}
		table[i] = crc
	}
	return table
}()

// posixCRC returns what cksum prints for content: the CRC of it and of its
// length, the lowest octet first, without leading zeros.
func posixCRC(content []byte) uint32 {
	var crc uint32
	for _, c := range content {
		crc = crc<<8 ^ crcTable[byte(crc>>24)^c]
	}
	for n := len(content); n > 0; n >>= 8 {
		crc = crc<<8 ^ crcTable[byte(crc>>24)^byte(n)]
	}
	return ^crc
}
