// Package sparc tests the sparc target.
package sparc
