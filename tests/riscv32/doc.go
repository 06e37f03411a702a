// Package riscv32 tests the riscv32 target.
package riscv32
