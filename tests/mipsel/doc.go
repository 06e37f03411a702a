// Package mipsel tests the mipsel target.
package mipsel
