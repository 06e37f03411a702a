package board

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// I2C is a bus on which the test puts an EEPROM, which the guest reads and
// writes with the driver at24.
type I2C struct {
	// Adapter is the device of the bus in the guest, as in /sys/bus/platform:
	// "1e78a180.i2c-bus".
	Adapter string
	// Bus is its name in QEMU, such as "aspeed.i2c.bus.2".
	Bus string
	// Address is where the EEPROM answers; 0x50 if 0.
	Address int
}

func (i I2C) address() int { return cmp.Or(i.Address, 0x50) }

// args returns the arguments for an EEPROM, which keeps what it holds in a file.
// It has the size and the addresses of two bytes of a 24c32; QEMU 7.2 has no
// others.
func (i I2C) args(path string) []string {
	return []string{
		"-drive", "if=none,id=eeprom0,format=raw,file=" + path,
		"-device", fmt.Sprintf("at24c-eeprom,bus=%s,address=0x%x,rom-size=%d,drive=eeprom0", i.Bus, i.address(), report.EEPROMSize),
	}
}

// GPIO is a line of a GPIO controller that the guest drives low and then high,
// and reads back.
type GPIO struct {
	// Chip is the label of the controller in the guest, such as "1e780000.gpio",
	// and Lines the number of its lines.
	Chip  string
	Lines int
	// Line is the line, counted from 0 in the controller.
	Line int
	// Path and Property are where QEMU shows the level of the line in QOM, ""
	// if it does not. Then the board must have a NIC: what the guest serves
	// there keeps it from ending before the test looks.
	Path, Property string
}

// level is where QEMU shows the level of the line, "" if it does not.
func (g GPIO) level() string {
	if g.Path == "" {
		return ""
	}
	return g.Path + "." + g.Property
}

func (s *session) checkEEPROM() {
	if s.eeprom == "" {
		return
	}
	s.q.Check(same("the SHA-256 of what the guest read from the EEPROM",
		hash(report.EEPROM(report.OnDisk)), line[string](s, report.KindEEPROMRead)))
	s.q.Check(same("the number of bytes that the guest wrote to the EEPROM",
		report.EEPROMPart, line[int](s, report.KindEEPROMWritten)))
}

func (s *session) checkGPIO() {
	if s.GPIO.Chip == "" {
		return
	}
	s.q.Check(s.GPIO.check(line[report.Levels](s, report.KindGPIO)))
	if s.GPIO.Path == "" {
		return
	}
	high := qemutest.Query[bool](s.vm, "qom-get", qemutest.Args{"path": s.GPIO.Path, "property": s.GPIO.Property})
	s.q.Check(same("the level of "+s.GPIO.level()+", which the guest left high,", true, high))
}

// check compares what the guest read with what it had written.
func (g GPIO) check(levels report.Levels) error {
	return errors.Join(
		same("the number of lines of "+g.Chip, g.Lines, levels.Lines),
		same(fmt.Sprintf("line %d of %s, driven low,", g.Line, g.Chip), 0, levels.Low),
		same(fmt.Sprintf("line %d of %s, driven high,", g.Line, g.Chip), 1, levels.High))
}

// writeEEPROM makes what the EEPROM holds at the start: a pattern, and zeros.
func writeEEPROM(path string) error {
	if err := os.WriteFile(path, report.EEPROM(report.OnDisk), 0o644); err != nil {
		return err
	}
	return os.Truncate(path, report.EEPROMSize)
}

// checkEEPROMFile checks, when QEMU has ended, that the EEPROM kept what it held,
// and got what the guest wrote.
func checkEEPROMFile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	want := make([]byte, report.EEPROMSize)
	copy(want, report.EEPROM(report.OnDisk))
	copy(want[report.EEPROMOffset:], report.EEPROM(report.ToDisk))
	if bytes.Equal(want, content) {
		return nil
	}
	first := 0
	for first < min(len(want), len(content)) && want[first] == content[first] {
		first++
	}
	return fmt.Errorf("expected the EEPROM to hold what the guest wrote, and the rest as before, but its %d bytes differ from byte %d on",
		len(content), first)
}
