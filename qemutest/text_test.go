package qemutest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunPattern(t *testing.T) {
	assert.Equal(t, `^TestX86PhysBits$`, runPattern("TestX86PhysBits"))
	assert.Equal(t, `^TestX$/^a\.b$/^c$`, runPattern("TestX/a.b/c"))
}

func TestLocalPath(t *testing.T) {
	assert.Equal(t, filepath.Join("TestX", "sub", "case"), localPath("TestX/sub/case"))
	assert.Equal(t, filepath.Join("TestX", "max_pauth=off"), localPath("TestX/max,pauth=off"), "a comma ends an option of QEMU")
	assert.Equal(t, filepath.Join("TestX", "a_b"), localPath("TestX/a:b"), "a colon ends a prefix of a file name")
	for _, name := range []string{"TestX/..", "TestX/../../etc", "TestX//..", "."} {
		assert.True(t, filepath.IsLocal(localPath(name)), name)
		assert.NotContains(t, strings.Split(localPath(name), string(filepath.Separator)), "..", "%s must not lead upward", name)
	}
}

const infoUsernet = "Hub -1 (vnet):\r\n" +
	"  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
	"  TCP[ESTABLISHED]   14       127.0.0.1 40020       10.0.2.15    80     0     0\r\n" +
	"  UDP[236 sec]       22       127.0.0.1 40018       10.0.2.15    22     0     0\r\n" +
	"  TCP[HOST_FORWARD]  12       127.0.0.1 40017       10.0.2.15    22     0     0\r\n" +
	"  TCP[HOST_FORWARD]  13               * 40019       10.0.2.15  8080     0     0\r\n"

func TestParseHostForward(t *testing.T) {
	port, err := parseHostForward(infoUsernet, 22)
	require.NoError(t, err)
	assert.Equal(t, 40017, port)
	port, err = parseHostForward(infoUsernet, 8080)
	require.NoError(t, err)
	assert.Equal(t, 40019, port)
	_, err = parseHostForward(infoUsernet, 80)
	assert.ErrorContains(t, err, "no TCP port of the host is forwarded to port 80")
}

func TestAccelerator(t *testing.T) {
	for want, argv := range map[string][]string{
		"tcg":     {"qemu", "-machine", "virt,gic-version=3"},
		"kvm":     {"qemu", "-accel", "kvm,dirty-ring-size=4096", "-S"},
		"tcg:kvm": {"qemu", "-accel", "tcg", "-accel", "kvm,dirty-ring-size=4096"},
		"hvf":     {"qemu", "-M", "virt,accel=hvf"},
		"kvm:tcg": {"qemu", "-machine", "q35,accel=kvm:tcg", "-S"},
	} {
		assert.Equal(t, want, accelerator(argv))
	}
	assert.Equal(t, "kvm", accelerator([]string{"qemu", "-enable-kvm", "-S"}))
	assert.Equal(t, "kvm", accelerator([]string{"qemu", "-S", "-enable-kvm"}))
	assert.Equal(t, "tcg", accelerator(nil))
}
