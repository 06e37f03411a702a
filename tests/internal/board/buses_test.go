package board

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/tests/internal/board/report"
)

func TestEEPROMFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "eeprom.raw")
	require.NoError(t, writeEEPROM(path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, content, report.EEPROMSize, "QEMU refuses another size than that of the EEPROM")
	require.ErrorContains(t, checkEEPROMFile(path), "4096 bytes differ from byte 2048 on")

	copy(content[report.EEPROMOffset:], report.EEPROM(report.ToDisk))
	require.NoError(t, os.WriteFile(path, content, 0o644))
	require.NoError(t, checkEEPROMFile(path))

	content[3]++
	require.NoError(t, os.WriteFile(path, content, 0o644))
	require.ErrorContains(t, checkEEPROMFile(path), "differ from byte 3 on")
	content[3]--
	require.NoError(t, os.WriteFile(path, content[:4000], 0o644))
	require.ErrorContains(t, checkEEPROMFile(path), "4000 bytes differ from byte 4000 on")
}

func TestEEPROMArgs(t *testing.T) {
	t.Parallel()
	args := I2C{Adapter: "1e78a180.i2c-bus", Bus: "aspeed.i2c.bus.2"}.args("/a")
	assert.Equal(t, []string{
		"-drive", "if=none,id=eeprom0,format=raw,file=/a",
		"-device", "at24c-eeprom,bus=aspeed.i2c.bus.2,address=0x50,rom-size=4096,drive=eeprom0",
	}, args)
}

func TestModulesOfI2C(t *testing.T) {
	t.Parallel()
	b := Board{Modules: []string{"i2c-imx"}}
	assert.Equal(t, []string{"i2c-imx"}, b.modules())
	b.I2C.Adapter = "21a0000.i2c"
	assert.Equal(t, []string{"i2c-imx", "at24"}, b.modules())
}

func TestGPIOLevels(t *testing.T) {
	t.Parallel()
	g := GPIO{Chip: "9030000.pl061", Lines: 8, Line: 5}
	require.NoError(t, g.check(report.Levels{Lines: 8, Low: 0, High: 1}))
	require.ErrorContains(t, g.check(report.Levels{Lines: 8, Low: 1, High: 1}), "driven low, to be 0, but it is 1")
	require.ErrorContains(t, g.check(report.Levels{Lines: 8}), "driven high, to be 1, but it is 0")
	require.ErrorContains(t, g.check(report.Levels{Lines: 32, High: 1}), "number of lines of 9030000.pl061 to be 8")
	assert.Empty(t, g.level())
	g.Path, g.Property = "/machine/soc/gpio", "gpioA0"
	assert.Equal(t, "/machine/soc/gpio.gpioA0", g.level())
}

func TestBefore(t *testing.T) {
	t.Parallel()
	old := Before{Major: 8, Minor: 1}
	assert.True(t, old.applies(7, 2))
	assert.True(t, old.applies(8, 0))
	assert.False(t, old.applies(8, 1))
	assert.False(t, old.applies(10, 0))
}
