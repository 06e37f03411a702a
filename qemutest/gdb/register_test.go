package gdb

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// x86Target is cut from QEMU's, with registers in another order.
const x86Target = `<target><architecture>i386:x86-64</architecture><feature name="org.gnu.gdb.i386.core">` +
	`<reg name="rax" bitsize="64" type="int64"/><reg name="rip" bitsize="64" type="code_ptr"/><reg name="cs" bitsize="32"/>` +
	`<reg name="cr0" bitsize="64"/><reg name="xmm0" bitsize="128" regnum="40"/></feature></target>`

func attachX86(t *testing.T, script map[string][]string) (*Client, *stub) {
	t.Helper()
	const first = "qXfer:features:read:target.xml:0,"
	if script[first] == nil {
		half := len(x86Target) / 2
		script[first] = []string{"m" + x86Target[:half]}
		script["qXfer:features:read:target.xml:"] = []string{"l" + x86Target[half:]}
	}
	c, s := attachStub(t, script)
	s.commands()
	return c, s
}

func TestRegisters(t *testing.T) {
	t.Parallel()
	c, s := attachX86(t, map[string][]string{
		"p0": {"efcdab8967452301"}, "p1": {"f0ff000000000000"}, "p28": {strings.Repeat("ab", 16)}, "P": {"OK"},
	})
	ctx := t.Context()
	rax, err := c.Register(ctx, "rax")
	require.NoError(t, err)
	assert.Equal(t, uint64(0x0123456789abcdef), rax)
	pc, err := c.PC(ctx)
	require.NoError(t, err)
	assert.Equal(t, uint64(0xfff0), pc)
	_, err = c.Register(ctx, "xmm0")
	assert.ErrorContains(t, err, "register xmm0 has no 64-bit value: it has 128 bits: use RegisterBytes")
	wide, err := c.RegisterBytes(ctx, "xmm0")
	require.NoError(t, err)
	assert.Len(t, wide, 16)
	_, err = c.Register(ctx, "r0")
	assert.ErrorContains(t, err, `the target has no register "r0"`)

	s.commands()
	require.NoError(t, c.SetRegister(ctx, "rax", 0x1122))
	require.NoError(t, c.SetRegisterBytes(ctx, "xmm0", []byte{1, 2}))
	assert.Equal(t, []string{"p0", "P0=2211000000000000", "P28=0102"}, s.commands())
}

func TestRegistersOfStubWithoutP(t *testing.T) {
	t.Parallel()
	all := "0100000000000000" + "0200000000000000" + "03000000" + "0400000000000000"
	c, s := attachX86(t, map[string][]string{"p": {""}, "P": {""}, "g": {all}, "G": {"OK"}})
	ctx := t.Context()
	cs, err := c.Register(ctx, "cs")
	require.NoError(t, err)
	assert.Equal(t, uint64(3), cs)
	_, err = c.RegisterBytes(ctx, "xmm0")
	assert.ErrorContains(t, err, "expected register xmm0 at byte 28")
	require.NoError(t, c.SetRegisterBytes(ctx, "cs", []byte{9, 0, 0, 0}))
	commands := s.commands()
	assert.Equal(t, "G0100000000000000"+"0200000000000000"+"09000000"+"0400000000000000", commands[len(commands)-1])
	assert.ErrorContains(t, c.SetRegisterBytes(ctx, "cs", []byte{1}), "register cs has 4 bytes, not 1")

	values, err := c.Registers(ctx)
	require.NoError(t, err)
	require.Len(t, values, 4, "xmm0 is in neither g nor p")
	assert.Equal(t, "cr0", values[3].Name)
	assert.Equal(t, []byte{4, 0, 0, 0, 0, 0, 0, 0}, values[3].Data)
}

// A description that contradicts the g packet is not used to take it apart.
func TestRegistersWhenDescriptionIsWrong(t *testing.T) {
	t.Parallel()
	c, _ := attachX86(t, map[string][]string{"g": {"0102030405"}, "p": {"77"}, "p1": {"E14"}, "p28": {"E14"}})
	values, err := c.Registers(t.Context())
	require.NoError(t, err)
	require.Len(t, values, 3)
	for _, v := range values {
		assert.Equal(t, []byte{0x77}, v.Data)
	}
}

func TestUnknownValue(t *testing.T) {
	t.Parallel()
	c, _ := attachX86(t, map[string][]string{"p0": {"xxxxxxxxxxxxxxxx"}})
	_, err := c.Register(t.Context(), "rax")
	assert.ErrorContains(t, err, "xx stands for an unknown value")
}

func TestCodeAddress(t *testing.T) {
	t.Parallel()
	c, _ := attachX86(t, map[string][]string{
		"p1": {"5be0000000000000"}, "p2": {"00f00000"}, "p3": {"1000006000000000", "1100006000000000"},
	})
	real, err := c.CodeAddress(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(0xfe05b), real, "real mode")
	protected, err := c.CodeAddress(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(0xe05b), protected)
}

func TestByteOrderUnknown(t *testing.T) {
	t.Parallel()
	document := `<target><feature name="org.gnu.gdb.microblaze.core"><reg name="r0" bitsize="32"/></feature></target>`
	c, _ := attachX86(t, map[string][]string{"qXfer:features:read:target.xml:0,": {"l" + document}, "p0": {"00000001"}})
	_, err := c.Register(t.Context(), "r0")
	assert.ErrorContains(t, err, "set Options.ByteOrder")
	data, err := c.RegisterBytes(t.Context(), "r0")
	require.NoError(t, err, "bytes have no order")
	assert.Equal(t, []byte{0, 0, 0, 1}, data)
}

func TestDescriptionErrors(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"x", "m", "mabc}", "E00", "l<reg"} {
		c, _ := attachX86(t, map[string][]string{"qXfer:features:read:target.xml:0,": {answer}})
		_, err := c.Target(t.Context())
		assert.Error(t, err, answer)
	}
}
