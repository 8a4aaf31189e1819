// Go's crypto/tls as a peer of the interoperability matrix.
//
// One JSON object a line on standard input asks for a connection, as a client or as a server;
// one JSON object a line on standard output answers: a server's port, then the report of what
// crypto/tls says about the connection. Requests run side by side and are told apart by "id".
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"sync"
	"time"
)

type request struct {
	ID          int      `json:"id"`
	Role        string   `json:"role"`
	Port        int      `json:"port"`
	CA          string   `json:"ca"`
	Chain       string   `json:"chain"`
	Key         string   `json:"key"`
	Version     uint16   `json:"version"`
	AlsoOlder   bool     `json:"also_older"`
	Suites      []uint16 `json:"suites"`
	Groups      []uint16 `json:"groups"`
	ClientAuth  string   `json:"client_auth"`
	ALPN        []string `json:"alpn"`
	ServerName  string   `json:"server_name"`
	ClosesFirst string   `json:"closes_first"`
	Payload     string   `json:"payload"`
	Answer      string   `json:"answer"`
	Deadline    float64  `json:"deadline"`
	Sessions    string   `json:"sessions"`
}

type report struct {
	Version     uint16 `json:"version"`
	Suite       uint16 `json:"suite"`
	Group       uint16 `json:"group"`
	Scheme      uint16 `json:"scheme"`
	Certificate string `json:"certificate"`
	ALPN        string `json:"alpn"`
	Retried     bool   `json:"retried"`
	Received    int    `json:"received"`
	Closed      bool   `json:"closed"`
	Exported    string `json:"exported"`
	TLSUnique   string `json:"tls_unique"`
	Resumed     bool   `json:"resumed"`
}

type reply struct {
	ID     int     `json:"id"`
	Port   int     `json:"port,omitempty"`
	Report *report `json:"report,omitempty"`
	Error  string  `json:"error,omitempty"`
}

var output = struct {
	sync.Mutex
	*json.Encoder
}{Encoder: json.NewEncoder(os.Stdout)}

func say(answer reply) {
	output.Lock()
	defer output.Unlock()
	_ = output.Encode(answer)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		go func() {
			told, err := run(&asked)
			if err != nil {
				say(reply{ID: asked.ID, Error: err.Error()})
				return
			}
			say(reply{ID: asked.ID, Report: told})
		}()
	}
}

func run(asked *request) (*report, error) {
	config, err := configure(asked)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(time.Duration(asked.Deadline * float64(time.Second)))
	if asked.Role == "client" {
		raw, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", asked.Port))
		if err != nil {
			return nil, err
		}
		defer raw.Close()
		_ = raw.SetDeadline(deadline)
		return talk(tls.Client(&watched{Conn: raw}, config), asked, clientExchange)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	_ = listener.(*net.TCPListener).SetDeadline(deadline)
	say(reply{ID: asked.ID, Port: listener.Addr().(*net.TCPAddr).Port})
	raw, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	_ = raw.SetDeadline(deadline)
	return talk(tls.Server(&watched{Conn: raw}, config), asked, serverExchange)
}

func configure(asked *request) (*tls.Config, error) {
	oldest := asked.Version
	if asked.AlsoOlder {
		oldest = tls.VersionTLS12
	}
	config := &tls.Config{
		MinVersion: oldest,
		MaxVersion: asked.Version,
		ServerName: asked.ServerName,
		NextProtos: asked.ALPN,
	}
	for _, suite := range asked.Suites {
		config.CipherSuites = append(config.CipherSuites, suite) // of TLS 1.2; 1.3's are ignored
	}
	for _, group := range asked.Groups {
		config.CurvePreferences = append(config.CurvePreferences, tls.CurveID(group))
	}
	if asked.Chain != "" {
		certificate, err := tls.LoadX509KeyPair(asked.Chain, asked.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(asked.CA)
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + asked.CA)
	}
	config.RootCAs, config.ClientCAs = roots, roots
	switch asked.ClientAuth {
	case "optional":
		config.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if asked.Sessions != "" {
		share(asked.Sessions, config)
	}
	return config, nil
}

var caches sync.Map

// share makes the requests that name the same sessions one client, or one server.
func share(name string, config *tls.Config) {
	cache, _ := caches.LoadOrStore(name, tls.NewLRUClientSessionCache(8))
	config.ClientSessionCache = cache.(tls.ClientSessionCache)
	config.SetSessionTicketKeys([][32]byte{sha256.Sum256([]byte(name))})
}

func talk(
	connection *tls.Conn, asked *request, exchange func(*tls.Conn, *request) (int, bool, error),
) (*report, error) {
	if err := connection.Handshake(); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	received, closed, err := exchange(connection, asked)
	if err != nil {
		return nil, err
	}
	state := connection.ConnectionState()
	told := &report{
		Version:  state.Version,
		Suite:    state.CipherSuite,
		Group:    uint16(state.CurveID),
		Scheme:   peerScheme(&state),
		ALPN:     state.NegotiatedProtocol,
		Retried:  state.HelloRetryRequest,
		Received: received,
		Closed:   closed,
		Resumed:  state.DidResume,
	}
	// RFC 9266: an empty context; in TLS 1.2 refused without extended_main_secret.
	if exported, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32); err == nil {
		told.Exported = hex.EncodeToString(exported)
	}
	told.TLSUnique = hex.EncodeToString(state.TLSUnique)
	if len(state.PeerCertificates) == 0 {
		told.Scheme = 0 // a server of TLS 1.2 would tell its own
	} else {
		told.Certificate = hex.EncodeToString(state.PeerCertificates[0].Raw)
	}
	return told, nil
}

// peerScheme reads a field that crypto/tls fills for its own tests; no public one tells.
func peerScheme(state *tls.ConnectionState) uint16 {
	field := reflect.ValueOf(state).Elem().FieldByName("testingOnlyPeerSignatureAlgorithm")
	if !field.IsValid() {
		return 0
	}
	return uint16(field.Uint())
}

func clientExchange(connection *tls.Conn, asked *request) (int, bool, error) {
	if _, err := connection.Write([]byte(asked.Payload)); err != nil {
		return 0, false, err
	}
	answer := make([]byte, len(asked.Answer))
	if _, err := io.ReadFull(connection, answer); err != nil {
		return 0, false, fmt.Errorf("reading the answer: %w", err)
	}
	if !bytes.Equal(answer, []byte(asked.Answer)) {
		return 0, false, errors.New("the answer is not the expected one")
	}
	closed, err := finish(connection, asked.ClosesFirst == "client")
	return len(answer), closed, err
}

func serverExchange(connection *tls.Conn, asked *request) (int, bool, error) {
	chunk := make([]byte, 16384)
	received := 0
	for received < len(asked.Payload) {
		// In TLS 1.2 a close_notify that is there already comes with the data before it.
		count, err := connection.Read(chunk)
		if err != nil && !(err == io.EOF && received+count == len(asked.Payload)) {
			return received, false, fmt.Errorf("reading at %d: %w", received, err)
		}
		if received+count > len(asked.Payload) ||
			string(chunk[:count]) != asked.Payload[received:received+count] {
			return received, false, errors.New("the payload is not the expected one")
		}
		received += count
		if _, err := connection.Write(chunk[:count]); err != nil {
			return received, false, err
		}
	}
	closed, err := finish(connection, asked.ClosesFirst == "server")
	return received, closed, err
}

// watched remembers whether the stream ended beneath TLS: crypto/tls reads that, at a record's
// edge, as the same io.EOF that close_notify gives.
type watched struct {
	net.Conn
	ended bool
}

func (stream *watched) Read(data []byte) (int, error) {
	count, err := stream.Conn.Read(data)
	stream.ended = stream.ended || err == io.EOF
	return count, err
}

// finish exchanges close_notify and says whether the other side's came.
func finish(connection *tls.Conn, first bool) (bool, error) {
	if first {
		if err := connection.CloseWrite(); err != nil {
			return false, err
		}
	}
	rest, err := io.ReadAll(connection)
	if len(rest) > 0 {
		return false, fmt.Errorf("%d bytes too many", len(rest))
	}
	if !first {
		_ = connection.CloseWrite()
	}
	return err == nil && !connection.NetConn().(*watched).ended, nil
}
