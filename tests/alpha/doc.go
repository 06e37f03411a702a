// Package alpha tests the alpha target.
package alpha
