package gdb

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// PC returns the program counter of the selected CPU: the register pc, rip,
// eip, pswa or rpc.
func (c *Client) PC(ctx context.Context) (uint64, error) {
	return c.Register(ctx, "pc")
}

// Register returns a register of the selected CPU, of up to 64 bits. The name is
// that of the target description; "pc" finds the program counter whatever it is
// called.
func (c *Client) Register(ctx context.Context, name string) (value uint64, err error) {
	err = c.do(ctx, func(x *exchange) error {
		value, err = x.register(name)
		return err
	})
	return value, err
}

// SetRegister writes a register of the selected CPU, of up to 64 bits.
func (c *Client) SetRegister(ctx context.Context, name string, value uint64) error {
	return c.do(ctx, func(x *exchange) error {
		order, err := x.byteOrder()
		if err != nil {
			return err
		}
		old, err := x.registerBytes(name)
		if err != nil {
			return err
		}
		data, err := fromUint64(value, len(old), order)
		if err != nil {
			return fmt.Errorf("register %s can't be set: %w", name, err)
		}
		return x.setRegisterBytes(name, data)
	})
}

// RegisterBytes returns a register of any size, in the target's byte order.
func (c *Client) RegisterBytes(ctx context.Context, name string) (data []byte, err error) {
	err = c.do(ctx, func(x *exchange) error {
		data, err = x.registerBytes(name)
		return err
	})
	return data, err
}

// SetRegisterBytes writes a register of any size, in the target's byte order.
func (c *Client) SetRegisterBytes(ctx context.Context, name string, data []byte) error {
	return c.do(ctx, func(x *exchange) error { return x.setRegisterBytes(name, data) })
}

// A RegisterValue is a register and what it holds, in the target's byte order.
type RegisterValue struct {
	Register
	Data []byte
}

// Registers returns all registers of the selected CPU that it lets be read, in
// the order of the target description.
func (c *Client) Registers(ctx context.Context) (values []RegisterValue, err error) {
	err = c.do(ctx, func(x *exchange) error {
		target, err := x.describe()
		if err != nil {
			return err
		}
		reply, err := x.ask("g")
		if err != nil {
			return err
		}
		general, err := x.decodeHex(reply)
		if err != nil {
			return err
		}
		if !target.endsAt(len(general)) {
			// The description is wrong about a size, QEMU's for AVR is. Each
			// register for itself is right nevertheless.
			general = nil
		}
		for _, r := range target.Registers {
			v := RegisterValue{Register: r}
			if end := target.offset(r.Number) + r.size(); end <= len(general) {
				v.Data = general[end-r.size() : end]
			} else if v.Data, err = x.numbered(r.Number); isRefusal(err) {
				continue
			} else if err != nil {
				return err
			}
			values = append(values, v)
		}
		return nil
	})
	return values, err
}

// CodeAddress returns the address at which the selected CPU executes, in the
// form that breakpoints have. That is the program counter, except on x86 in
// real mode, where it is cs*16+ip. (It is wrong for the first instruction
// after an x86 reset, whose segment has its base 0xffff0000; no register tells
// that.)
func (c *Client) CodeAddress(ctx context.Context) (address uint64, err error) {
	err = c.do(ctx, func(x *exchange) error {
		address, err = x.codeAddress()
		return err
	})
	return address, err
}

func (x *exchange) codeAddress() (uint64, error) {
	pc, err := x.register("pc")
	if err != nil {
		return 0, err
	}
	if !strings.HasPrefix(x.target.Architecture, "i386") {
		return pc, nil
	}
	const protectionEnable = 1
	cr0, err := x.register("cr0")
	if err != nil || cr0&protectionEnable != 0 {
		return pc, err
	}
	cs, err := x.register("cs")
	return cs<<4 + pc, err
}

func (x *exchange) register(name string) (uint64, error) {
	data, err := x.registerBytes(name)
	if err != nil {
		return 0, err
	}
	order, err := x.byteOrder()
	if err != nil {
		return 0, err
	}
	value, err := toUint64(data, order)
	if err != nil {
		return 0, fmt.Errorf("register %s has no 64-bit value: %w", name, err)
	}
	return value, nil
}

func (x *exchange) byteOrder() (binary.ByteOrder, error) {
	if x.options.ByteOrder != nil {
		return x.options.ByteOrder, nil
	}
	target, err := x.describe()
	if err != nil {
		return nil, err
	}
	if order := target.ByteOrder(); order != nil {
		return order, nil
	}
	return nil, errors.New("the target description does not tell the byte order of the registers: set Options.ByteOrder")
}

func (x *exchange) lookup(name string) (Register, error) {
	target, err := x.describe()
	if err != nil {
		return Register{}, err
	}
	r, ok := target.Lookup(name)
	if !ok {
		return Register{}, fmt.Errorf("the target has no register %q: Target lists the %d that it has", name, len(target.Registers))
	}
	return r, nil
}

// registerBytes asks for one register. A stub that can't do that sends all.
func (x *exchange) registerBytes(name string) ([]byte, error) {
	r, err := x.lookup(name)
	if err != nil {
		return nil, err
	}
	data, err := x.numbered(r.Number)
	if !errors.Is(err, errors.ErrUnsupported) {
		return data, err
	}
	all, start, err := x.general(r)
	if err != nil {
		return nil, err
	}
	return all[start : start+r.size()], nil
}

func (x *exchange) numbered(number int) ([]byte, error) {
	reply, err := x.ask(fmt.Sprintf("p%x", number))
	if err != nil {
		return nil, err
	}
	return x.decodeHex(reply)
}

func (x *exchange) setRegisterBytes(name string, data []byte) error {
	r, err := x.lookup(name)
	if err != nil {
		return err
	}
	err = x.askOK(fmt.Sprintf("P%x=%x", r.Number, data))
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	all, start, err := x.general(r)
	if err != nil {
		return err
	}
	if len(data) != r.size() {
		return fmt.Errorf("register %s has %d bytes, not %d", name, r.size(), len(data))
	}
	copy(all[start:], data)
	return x.askOK(fmt.Sprintf("G%x", all))
}

// general returns the content of the g packet and where r starts in it.
func (x *exchange) general(r Register) (all []byte, start int, err error) {
	reply, err := x.ask("g")
	if err != nil {
		return nil, 0, err
	}
	if all, err = x.decodeHex(reply); err != nil {
		return nil, 0, err
	}
	start = x.target.offset(r.Number)
	if start+r.size() > len(all) {
		return nil, 0, x.unexpected(reply, fmt.Sprintf("register %s at byte %d", r.Name, start))
	}
	return all, start, nil
}

// decodeHex decodes the content of registers or memory. A stub writes x for
// what it doesn't know.
func (x *exchange) decodeHex(reply string) ([]byte, error) {
	data, err := hex.DecodeString(reply)
	if err != nil {
		return nil, x.unexpected(reply, "pairs of hex digits (xx stands for an unknown value)")
	}
	return data, nil
}

func toUint64(data []byte, order binary.ByteOrder) (uint64, error) {
	if len(data) > 8 {
		return 0, fmt.Errorf("it has %d bits: use RegisterBytes", 8*len(data))
	}
	var buf [8]byte
	if order == binary.BigEndian {
		copy(buf[8-len(data):], data)
	} else {
		copy(buf[:], data)
	}
	return order.Uint64(buf[:]), nil
}

func fromUint64(value uint64, size int, order binary.ByteOrder) ([]byte, error) {
	if size > 8 {
		return nil, fmt.Errorf("it has %d bits: use SetRegisterBytes", 8*size)
	}
	if size < 8 && value>>(8*size) != 0 {
		return nil, fmt.Errorf("%#x does not fit into %d bits", value, 8*size)
	}
	var buf [8]byte
	order.PutUint64(buf[:], value)
	if order == binary.BigEndian {
		return buf[8-size:], nil
	}
	return buf[:size], nil
}
