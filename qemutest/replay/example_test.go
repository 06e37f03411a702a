package replay_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/qemutest/functional/qemutest/replay"
)

// log is a tiny recording: the machine started, executed 16 instructions and
// switched itself off.
const log = "\x00\xe0\x20\x0c\x00\x00\x00\x00\x00\x00\x00\x00" + // header
	"\x25" + "\x00\x00\x00\x00\x10" + "\x10" + "\x27"

func ExampleSummarize() {
	summary, err := replay.Summarize(strings.NewReader(log))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(summary.Instructions, "instructions, shut down by", summary.Shutdowns)
	// Output: 16 instructions, shut down by map[guest-shutdown:1]
}

func ExampleDump() {
	if err := replay.Dump(os.Stdout, strings.NewReader(log)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// replay log, version 0xe0200c
	// 1 @0xc icount 0: checkpoint init
	// 2 @0xd icount 16: instructions +16
	// 3 @0x12 icount 16: shutdown guest-shutdown
	// 4 @0x13 icount 16: end
}

func ExampleReader() {
	r, err := replay.NewReader(strings.NewReader(log))
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		event, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			fmt.Println(err)
			return
		}
		if event.Kind == replay.Shutdown {
			fmt.Println("somebody asked for", event.Name, "after", event.Instructions, "instructions")
		}
	}
	// Output: somebody asked for guest-shutdown after 16 instructions
}

// A log that was cut off says where.
func ExampleFormatError() {
	_, err := replay.Summarize(strings.NewReader(log[:15]))
	fmt.Println(errors.Is(err, replay.ErrTruncated))
	fmt.Println(err)
	// Output:
	// true
	// the replay log can't be read at event 2 at offset 0xd: the log ends too early (code 0)
}
