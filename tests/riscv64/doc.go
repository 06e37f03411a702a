// Package riscv64 tests the riscv64 target.
package riscv64
