// Package loongarch64 tests the loongarch64 target.
package loongarch64
