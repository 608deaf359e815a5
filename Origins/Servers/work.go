// Go's net/http. Where ORIGIN_GIVES_UP is 1, the work ends with the request's context.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	body := []byte(strings.Repeat("x", number("ORIGIN_BODY_BYTES")))
	work := time.Duration(number("ORIGIN_WORK_MS")) * time.Millisecond
	events, err := os.OpenFile(os.Getenv("ORIGIN_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	handler := func(response http.ResponseWriter, request *http.Request) {
		note := func(event string) { fmt.Fprintf(events, "%s %s\n", request.URL.Path, event) }
		io.Copy(io.Discard, request.Body)
		note("begun")
		if err := do(work, request.Context()); err != nil {
			note("aborted " + err.Error())
			return
		}
		if err := request.Context().Err(); err != nil {
			note("told " + err.Error())
		}
		note("finished")
		if _, err := response.Write(body); err != nil {
			number := syscall.Errno(0)
			errors.As(err, &number)
			note("failed " + number.Error())
		} else {
			note("written")
		}
	}
	log.Fatal(http.ListenAndServe(":"+os.Getenv("ORIGIN_PORT"), http.HandlerFunc(handler)))
}

func do(work time.Duration, context context.Context) error {
	if os.Getenv("ORIGIN_GIVES_UP") != "1" {
		time.Sleep(work)
		return nil
	}
	select {
	case <-time.After(work):
		return nil
	case <-context.Done():
		return context.Err()
	}
}

func number(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		log.Fatal(err)
	}
	return value
}
