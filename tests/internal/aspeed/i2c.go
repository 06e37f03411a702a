package aspeed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// slaveFlag marks the address of a device that the guest plays itself, for
// another master on the bus (I2C_ADDR_OFFSET_SLAVE in Linux).
const slaveFlag = 0x1000

// NewDevice tells the guest's Linux that a device is on an I²C bus, which no
// bus can tell by itself.
func NewDevice(vm *qemutest.VM, bus int, driver string, address int) {
	vm.Exec(
		fmt.Sprintf("echo %s 0x%x > /sys/bus/i2c/devices/i2c-%d/new_device", driver, address, bus),
		fmt.Sprintf("i2c i2c-%d: new_device: Instantiated device %s at 0x%02x", bus, driver, address&^slaveFlag))
}

// Sensor is a temperature sensor (a TMP105, which is like an LM75) at address
// 0x4d of an I²C bus.
type Sensor struct {
	ID       string // of the device in QEMU
	Bus      string // in QEMU, such as "aspeed.i2c.bus.3"
	GuestBus int    // number of the bus in the guest's Linux
}

const sensorAddress = 0x4d

// Device returns the value of -device that adds the sensor.
func (s Sensor) Device() string {
	return fmt.Sprintf("tmp105,bus=%s,address=0x%x,id=%s", s.Bus, sensorAddress, s.ID)
}

// Check makes the guest's Linux read the sensor, before and after the
// temperature changes.
func (s Sensor) Check(vm *qemutest.VM) {
	NewDevice(vm, s.GuestBus, "lm75", sensorAddress)
	s.checkReading(vm, 0)
	const warm = 18000 // in thousandths of a degree Celsius
	vm.QMP("qom-set", qemutest.Args{"path": "/machine/peripheral/" + s.ID, "property": "temperature", "value": warm})
	s.checkReading(vm, warm)
}

func (s Sensor) checkReading(vm *qemutest.VM, want int) {
	output := linux.Run(vm, fmt.Sprintf("cat /sys/bus/i2c/devices/%d-%04x/hwmon/hwmon*/temp1_input", s.GuestBus, sensorAddress)).Before
	if !slices.Contains(strings.Fields(output), strconv.Itoa(want)) {
		vm.Test().Check(fmt.Errorf("expected the guest to read the temperature %d from sensor %s, but it reads %q", want, s.ID, output))
	}
}

// CheckRTC makes the guest's Linux read the year from its second clock, a
// DS1338 at address 0x32 of an I²C bus, which QEMU sets to the host's time.
// hwclock is the name of the command.
func CheckRTC(vm *qemutest.VM, bus int, hwclock string) {
	before := time.Now().UTC().Year()
	NewDevice(vm, bus, "ds1307", 0x32)
	output := linux.Run(vm, hwclock+" -f /dev/rtc1").Before
	for year := before; year <= time.Now().UTC().Year(); year++ {
		if strings.Contains(output, strconv.Itoa(year)) {
			return
		}
	}
	vm.Test().Check(fmt.Errorf("expected the guest's second clock to show the year %d, but it shows %q", before, output))
}
