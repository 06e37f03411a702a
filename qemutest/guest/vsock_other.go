//go:build !linux

package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
)

func dialVsock(context.Context, uint32, uint32) (io.ReadWriteCloser, error) {
	return nil, fmt.Errorf("a vsock to a guest takes a host that runs Linux: %w", errors.ErrUnsupported)
}
