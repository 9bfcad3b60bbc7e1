internal import Basics
internal import Glibc

/// A Docker engine for the tests of this process: on a socket of its own and on loopback with client certificates.
///
/// Its data is in a directory of its own. Both end and vanish when the process ends, however it ends.
public final class DockerServer: Sendable {
    /// Started on first use; nil where there is no dockerd, or none that may run here.
    public static let shared: DockerServer? = start()

    /// The image that is there; no registry is asked.
    public static let image = "odooops-test:1"

    public let directory: String
    public let port: Int

    public var socket: String { "\(directory)/docker.sock" }

    private init(directory: String, port: Int) {
        self.directory = directory
        self.port = port
    }

    private static func start() -> DockerServer? {
        guard getuid() == 0, Shell.has("dockerd"), Shell.has("docker"), Shell.has("busybox"), Shell.has("openssl"),
            let port = FreePort.find(), let directory = try? FileSystem.makeTemporaryDirectory(prefix: "odooops-docker")
        else { return nil }
        let configuration = """
            {"data-root": "\(directory)/data", "exec-root": "\(directory)/exec", "pidfile": "\(directory)/pid",
             "hosts": ["unix://\(directory)/docker.sock", "tcp://127.0.0.1:\(port)"], "tlsverify": true,
             "tlscacert": "\(directory)/ca.pem", "tlscert": "\(directory)/server.pem", "tlskey": "\(directory)/key.pem",
             "bridge": "none", "iptables": false, "ip6tables": false, "ip-masq": false,
             "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 20000, "Hard": 20000}}}
            """
        guard (try? FileSystem.write(configuration.utf8, to: "\(directory)/daemon.json")) != nil else { return nil }
        let request = "openssl req -newkey rsa:2048 -nodes"
        let sign = "openssl x509 -req -days 2 -CA ca.pem -CAkey ca-key.pem -CAcreateserial"
        let steps = [
            "\(request) -x509 -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem",
            "\(request) -subj /CN=engine -keyout key.pem -out server.csr",
            "printf 'subjectAltName=IP:127.0.0.1\\n' >names && \(sign) -in server.csr -extfile names -out server.pem",
            "\(request) -subj /CN=client -keyout client-key.pem -out client.csr",
            "\(sign) -in client.csr -out cert.pem",
            "mkdir client && cp ca.pem cert.pem client && cp client-key.pem client/key.pem",
            "mkdir -p root/bin && cp \"$(command -v busybox)\" root/bin/busybox && ln -s busybox root/bin/sh",
            "ln -s busybox root/bin/sleep",
        ]
        let docker = "docker -H unix://\(directory)/docker.sock"
        let script = [
            "trap '' INT TERM HUP", "cd \(directory)", "exec >\(directory)/log 2>&1",
            "if \(steps.joined(separator: " && ")); then :; else touch failed; fi",
            "dockerd --config-file \(directory)/daemon.json &", "daemon=$!",
            "for i in $(seq 200); do [ -S docker.sock ] && \(docker) version && break;"
                + " kill -0 $daemon || { touch failed; break; }; sleep 0.1; done",
            "if tar -C root -c . | \(docker) import -c 'ENV FROM_IMAGE=1' - \(image); then touch ready; else touch failed; fi",
            "cat", "\(docker) ps -aq | xargs -r \(docker) rm -f", "\(docker) network prune -f",
            "kill $daemon", "wait $daemon", "cd /", "rm -rf \(directory)",
        ]
        guard let input = popen(script.joined(separator: "\n"), "we") else { return nil }
        for _ in 0..<6_000 where !FileSystem.exists("\(directory)/ready") {
            if FileSystem.exists("\(directory)/failed") { break }
            usleep(10_000)
        }
        guard FileSystem.exists("\(directory)/ready") else {
            let log = (try? FileSystem.read("\(directory)/log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            StandardStreams.error("dockerd for the tests did not start: \(log.suffix(1_000))\n")
            pclose(input)
            return nil
        }
        return DockerServer(directory: directory, port: port)
    }
}
