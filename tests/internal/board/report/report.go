// Package report is what the tests of boards and the program in their guests
// say to each other: a [Job] in the initial RAM file system, and lines on the
// console.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// JobFile is the path of the job in the guest, as JSON.
const JobFile = "/job.json"

// Mark begins each line of the guest's program on the console. A kind and JSON
// follow, each after a space.
const Mark = "@board"

// The kinds of lines.
const (
	KindFacts         = "facts"          // [Facts]
	KindSMP           = "smp"            // number of CPUs that a thread ran on
	KindFetched       = "fetched"        // SHA-256 of what the guest fetched from the host
	KindServing       = "serving"        // TCP port on which the guest serves [Pattern]
	KindRead          = "read"           // SHA-256 of the beginning of the disk
	KindWritten       = "written"        // bytes written at [DiskOffset]
	KindEEPROMRead    = "eeprom-read"    // SHA-256 of the beginning of the EEPROM
	KindEEPROMWritten = "eeprom-written" // bytes written at [EEPROMOffset]
	KindGPIO          = "gpio"           // [Levels]
	KindDone          = "done"           // the ending, before it happens
	KindFailed        = "failed"         // reason
	KindStep          = "step"           // what the guest does next, for those who read the log
)

// Ending is how the guest ends.
type Ending string

// The endings of a guest.
const (
	PowerOff Ending = "poweroff"
	Restart  Ending = "restart"
	Watchdog Ending = "watchdog" // lets the watchdog bite
)

// Job is what the guest has to do.
type Job struct {
	Modules   []string // file names in /modules, in the order of insertion
	Drivers   []string // bus/driver: to wait for until each has a device
	Interface string   // network interface, "" for none
	URL       string   // of what to fetch
	Port      int      // TCP port to serve on
	Disk      string   // device in /dev, or a pattern; "" for none
	Adapter   string   // device of the I2C bus with the EEPROM, "" for none
	Address   int      // of the EEPROM
	LateCPUs  int      // CPUs to start, which follow the first
	Chip      string   // label of the GPIO controller, "" for none
	Line      int      // of the GPIO controller
	End       Ending
}

// Levels is what the guest sees of a GPIO line.
type Levels struct {
	Lines int // of the controller
	Low   int // level while it is driven low
	High  int // level while it is driven high
}

// Facts is what the guest sees of its machine.
type Facts struct {
	Models    []string // device tree, DMI, cpuinfo: what the machine calls itself
	CPUInfo   string   // /proc/cpuinfo
	Online    int      // CPUs
	MemTotal  int64    // bytes
	Drivers   []string // those with a device: "platform/sun6i-rtc"
	RTC       int64    // seconds since 1970 in rtc0; 0 without one
	Watchdog  string   // identity of watchdog0
	Cmdline   string   // /proc/cmdline
	Interface []string // names in /sys/class/net
	Blocks    []string // names in /sys/class/block
}

// PatternSize is the size of a [Pattern] in bytes.
const PatternSize = 1 << 20

// DiskOffset is where the guest writes on the disk, which it reads from its
// beginning.
const DiskOffset = 8 << 20

// EEPROMSize is the size of an EEPROM in bytes. The guest reads EEPROMPart bytes
// from its beginning, and writes as many at EEPROMOffset: few, because it writes
// each in a transfer of its own, and there are boards that switch each bit.
const (
	EEPROMSize   = 4 << 10
	EEPROMPart   = 256
	EEPROMOffset = EEPROMSize / 2
)

// The patterns, named after those who get them.
const (
	ForGuest = "host to guest"
	ForHost  = "guest to host"
	OnDisk   = "disk"
	ToDisk   = "to disk"
)

// Pattern returns bytes in which any loss, swap or repetition changes the hash.
func Pattern(name string) []byte {
	var seed [32]byte
	copy(seed[:], name)
	data := make([]byte, PatternSize)
	_, _ = rand.NewChaCha8(seed).Read(data) // never fails
	return data
}

// EEPROM returns the beginning of a pattern, for part of an EEPROM.
func EEPROM(name string) []byte { return Pattern(name)[:EEPROMPart] }

// Line returns a line of the guest's program.
func Line(kind string, value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s %s", Mark, kind, text), nil
}

// Expression returns the regular expression, in Go's syntax, of a line of that
// kind, whose first group is the value.
func Expression(kind string) string {
	return Mark + " " + kind + ` ([^\r\n]*)\r?\n`
}

// Decode returns the value of a line.
func Decode[T any](text string) (value T, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		return value, fmt.Errorf("expected a line of the guest's program to be JSON, but it is %q: %w", text, err)
	}
	return value, nil
}
