//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/qemutest/functional/tests/internal/board/report"
)

// useEEPROM tells the driver at24 where there is an EEPROM, reads its
// beginning, and writes elsewhere.
func (e *events) useEEPROM(adapter string, address int) error {
	bus, err := e.adapter(adapter)
	if err != nil {
		return err
	}
	dir := "/sys/bus/i2c/devices/" + bus
	if err := write(dir+"/new_device", fmt.Sprintf("24c32 0x%x", address)); err != nil {
		return err
	}
	eeprom := fmt.Sprintf("%s/%s-%04x/eeprom", dir, strings.TrimPrefix(bus, "i2c-"), address)
	if err := e.waitForPath(eeprom); err != nil {
		return err
	}
	file, err := os.OpenFile(eeprom, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	hash, err := hashOf(io.LimitReader(file, report.EEPROMPart))
	if err != nil {
		return err
	}
	say(report.KindEEPROMRead, hash)
	n, err := file.WriteAt(report.EEPROM(report.ToDisk), report.EEPROMOffset)
	if err != nil {
		return err
	}
	say(report.KindEEPROMWritten, n)
	return nil
}

// adapter waits for the I2C bus of a device and returns its name, such as
// "i2c-2". The number may depend on what was there before.
func (e *events) adapter(device string) (name string, err error) {
	found, err := e.wait(func() bool {
		for _, bus := range list("/sys/bus/i2c/devices") {
			target, _ := os.Readlink("/sys/bus/i2c/devices/" + bus)
			if strings.HasPrefix(bus, "i2c-") && filepath.Base(filepath.Dir(target)) == device {
				name = bus
				return true
			}
		}
		return false
	})
	if err == nil && !found {
		err = fmt.Errorf("expected an I2C bus of %s, but it did not come within %v", device, patience)
	}
	return name, err
}

// useGPIO drives a line low and high, reads it back, and leaves it high. The
// controllers are found by their label, because Linux numbers them as they come
// (Documentation/admin-guide/gpio/sysfs.rst).
func useGPIO(label string, line int) error {
	const class = "/sys/class/gpio"
	var labels []string
	for _, chip := range list(class) {
		dir := class + "/" + chip
		if !strings.HasPrefix(chip, "gpiochip") {
			continue
		}
		labels = append(labels, read(dir+"/label"))
		if read(dir+"/label") != label {
			continue
		}
		base, err := strconv.Atoi(read(dir + "/base"))
		if err != nil {
			return err
		}
		lines, err := strconv.Atoi(read(dir + "/ngpio"))
		if err != nil {
			return err
		}
		levels, err := drive(class, strconv.Itoa(base+line))
		levels.Lines = lines
		if err == nil {
			say(report.KindGPIO, levels)
		}
		return err
	}
	return fmt.Errorf("expected a GPIO controller %s, but there are only: %s", label, strings.Join(labels, ", "))
}

func drive(class, number string) (levels report.Levels, err error) {
	if err := write(class+"/export", number); err != nil {
		return levels, err
	}
	dir := class + "/gpio" + number
	for _, step := range []struct {
		direction string
		level     *int
	}{{"low", &levels.Low}, {"high", &levels.High}} {
		if err := write(dir+"/direction", step.direction); err != nil {
			return levels, err
		}
		if *step.level, err = strconv.Atoi(read(dir + "/value")); err != nil {
			return levels, err
		}
	}
	return levels, nil
}

// write writes a text to a file of sysfs, in one piece.
func write(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text)
	return err
}
