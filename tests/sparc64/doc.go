// Package sparc64 tests the sparc64 target.
package sparc64
