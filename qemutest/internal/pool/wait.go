package pool

import (
	"context"
	"os"
)

// awaitAny waits until one of peers has ended, or returns the cause why ctx
// did. It closes the peers.
func awaitAny(ctx context.Context, peers []*peer) error {
	ended := make(chan struct{}, len(peers))
	for _, p := range peers {
		if err := prepareReader(p.fd); err != nil {
			closeAll(peers)
			return os.NewSyscallError("fcntl", err)
		}
	}
	for _, p := range peers {
		// From here on the file owns the descriptor.
		f := os.NewFile(uintptr(p.fd), p.String())
		defer f.Close()
		go func() {
			// Nothing is ever written: this returns when the last writer is
			// gone, or when f is closed.
			_, _ = f.Read(make([]byte, 1))
			ended <- struct{}{}
		}()
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
