package aspeed

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSensorDevice(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "tmp105,bus=aspeed.i2c.bus.3,address=0x4d,id=tmp-test",
		Sensor{ID: "tmp-test", Bus: "aspeed.i2c.bus.3", GuestBus: 3}.Device())
}

func TestEmptyOTP(t *testing.T) {
	t.Parallel()
	image := emptyOTP()
	assert.Len(t, image, 16<<10)
	assert.Equal(t, "00000000ffffffff00000000ffffffff", hex.EncodeToString(image[:16]))
}
