package gdb

import (
	"context"
	"errors"
	"fmt"
)

// ReadMemory returns size bytes at a virtual address, as the selected CPU sees
// them. A part that is not mapped makes all of it fail with an ErrorReply.
// SetPhysical switches to physical addresses.
func (c *Client) ReadMemory(ctx context.Context, address uint64, size int) ([]byte, error) {
	var data []byte
	err := c.do(ctx, func(x *exchange) error {
		most := (x.features.packetSize - len("$#00")) / 2
		for len(data) < size {
			want := min(size-len(data), most)
			reply, err := x.ask(fmt.Sprintf("m%x,%x", address+uint64(len(data)), want))
			if err != nil {
				return err
			}
			part, err := x.decodeHex(reply)
			if err != nil {
				return err
			}
			if len(part) == 0 || len(part) > want {
				return x.unexpected(reply, fmt.Sprintf("up to %d bytes", want))
			}
			data = append(data, part...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%d bytes at %#x can't be read: %w", size, address, err)
	}
	return data, nil
}

// WriteMemory writes data at a virtual address, as the selected CPU sees it.
// QEMU writes to ROM and flash, too. After an error, a part may have been written.
func (c *Client) WriteMemory(ctx context.Context, address uint64, data []byte) error {
	err := c.do(ctx, func(x *exchange) error {
		// "$X" or "$M", two numbers and their punctuation, "#00". A byte takes
		// up to two characters in either form.
		most := (x.features.packetSize - len("$X0123456789abcdef,0123:#00")) / 2
		for done := 0; done < len(data); {
			part := data[done:min(len(data), done+most)]
			if err := x.writePart(address+uint64(done), part); err != nil {
				return err
			}
			done += len(part)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%d bytes at %#x can't be written: %w", len(data), address, err)
	}
	return nil
}

// writePart writes as binary data if the stub takes that, else in hex. QEMU
// does not take it.
func (x *exchange) writePart(address uint64, part []byte) error {
	if x.binary == nil {
		// A write of nothing is how one asks.
		_, err := x.ask(fmt.Sprintf("X%x,0:", address))
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		known := err == nil
		x.binary = &known
	}
	if !*x.binary {
		return x.askOK(fmt.Sprintf("M%x,%x:%x", address, len(part), part))
	}
	packet := appendEscaped(fmt.Appendf(nil, "X%x,%x:", address, len(part)), part)
	reply, err := x.askBytes(packet)
	if err == nil && string(reply) != "OK" {
		return x.unexpected(string(reply), "OK or an error")
	}
	return err
}
