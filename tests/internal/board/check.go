package board

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qemutest/functional/tests/internal/board/report"
)

// check compares what the guest sees with what the board promises, and reports
// all differences.
func (b Board) check(f report.Facts) error {
	errs := []error{
		b.checkModel(f),
		same("the number of CPUs online", cmp.Or(b.CPUs, 1)-b.lateCPUs(), f.Online),
		contains("/proc/cpuinfo", f.CPUInfo, b.CPU),
		contains("/proc/cmdline", f.Cmdline, "console="+b.Console),
		b.checkMemory(f.MemTotal),
		b.checkClock(f.RTC),
	}
	for _, driver := range b.Drivers {
		if !slices.Contains(f.Drivers, driver) {
			errs = append(errs, fmt.Errorf("expected the driver %s to have a device, but only these have: %s",
				driver, strings.Join(f.Drivers, ", ")))
		}
	}
	if b.Watchdog != "" {
		errs = append(errs, same("the identity of watchdog0", b.Watchdog, f.Watchdog))
	}
	return errors.Join(errs...)
}

func (b Board) checkModel(f report.Facts) error {
	if b.Model == "" || slices.Contains(f.Models, b.Model) {
		return nil
	}
	return fmt.Errorf("expected the machine to call itself %q, but its names are %q", b.Model, f.Models)
}

// checkMemory checks the memory that the kernel has to give away: all but what
// it keeps for itself, which is up to 40 MiB and an eighth (page tables and the
// image of the kernel, crash kernel, memory of a GPU).
func (b Board) checkMemory(total int64) error {
	size := b.Memory << 20
	if least := size - size/8 - 40<<20; total < least || total > size {
		return fmt.Errorf("expected a machine of %d MiB to have between %d and %d bytes for the kernel to use, but it has %d",
			b.Memory, least, size, total)
	}
	return nil
}

// checkClock checks that the real-time clock began at the time of -rtc.
func (b Board) checkClock(seconds int64) error {
	if !b.RTC {
		return nil
	}
	base, err := time.Parse("2006-01-02T15:04:05", rtcBase)
	if err != nil {
		return err
	}
	now := time.Unix(seconds, 0).UTC()
	if late := now.Sub(base); late < 0 || late > time.Hour {
		return fmt.Errorf("expected the clock to show the hour after %v, but it shows %v", base, now)
	}
	return nil
}

func contains(where, text, want string) error {
	if strings.Contains(text, want) {
		return nil
	}
	return fmt.Errorf("expected %q in %s, which is:\n%s", want, where, text)
}

func same[T comparable](what string, want, got T) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("expected %s to be %v, but it is %v", what, want, got)
}
