import Basics
import Formats
import Glibc
import TestKit

/// An S3 server for the tests of this process, on loopback, that verifies signatures: moto, from PyPI.
final class MotoServer: Sendable {
    /// Started on first use; nil when moto is not installed or does not start.
    static let shared: MotoServer? = start()

    static var isInstalled: Bool { Shell.run("python3 -c 'import moto.server'").status == 0 }

    let url: String
    let accessKey: String
    let secretKey: String

    private init(url: String, accessKey: String, secretKey: String) {
        self.url = url
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    /// Whether requests that come now have to be signed right.
    func verifySignatures(_ isOn: Bool) {
        Shell.run(
            "curl -s -o /dev/null -H Content-Type:text/plain --data-raw \(isOn ? 0 : 1_000_000) \(url)/moto-api/reset-auth"
        )
    }

    private static func start() -> MotoServer? {
        guard isInstalled, let port = FreePort.find(),
            let directory = try? FileSystem.makeTemporaryDirectory(prefix: "odooops-moto")
        else { return nil }
        let url = "http://127.0.0.1:\(port)"
        // Its first requests need no signature: they make the user whose key all others are signed with.
        let scope = "Credential=a/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
        let call = "curl -s -H 'Authorization: AWS4-HMAC-SHA256 \(scope)' \(url)/ -d Version=2010-05-08 -d "
        let policy = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#
        let script = [
            "trap '' INT TERM HUP", "cd \(directory)", "exec >\(directory)/log 2>&1",
            "INITIAL_NO_AUTH_ACTION_COUNT=3 python3 -c 'from moto.server import main; main()' -H 127.0.0.1 -p \(port) &",
            "server=$!",
            "for i in $(seq 300); do curl -s -o /dev/null \(url)/moto-api/ && break; sleep 0.1; done",
            "\(call) 'Action=CreateUser&UserName=tests'",
            "\(call) 'Action=PutUserPolicy&UserName=tests&PolicyName=all' --data-urlencode 'PolicyDocument=\(policy)'",
            "\(call) 'Action=CreateAccessKey&UserName=tests' >\(directory)/answer; mv \(directory)/answer \(directory)/key",
            // Its input ends when this process does, however that ends.
            "cat", "kill -9 $server", "wait $server", "cd /", "rm -rf \(directory)",
        ]
        guard let input = popen(script.joined(separator: "\n"), "we") else { return nil }
        for _ in 0..<6_000 where !FileSystem.exists("\(directory)/key") { usleep(10_000) }
        let bytes = (try? FileSystem.read("\(directory)/key")) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        guard let accessKey = between("<AccessKeyId>", text), let secretKey = between("<SecretAccessKey>", text) else {
            let log = (try? FileSystem.read("\(directory)/log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            StandardStreams.error("moto for the tests did not start: \(log.suffix(500))\n")
            pclose(input)
            return nil
        }
        return MotoServer(url: url, accessKey: accessKey, secretKey: secretKey)
    }

    private static func between(_ tag: String, _ text: String) -> String? {
        guard let start = text.firstRange(of: tag)?.upperBound else { return nil }
        return String(text[start...].prefix { $0 != "<" })
    }
}
