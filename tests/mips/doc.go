// Package mips tests the mips target.
package mips
