// Package aarch64 tests the aarch64 target.
package aarch64
