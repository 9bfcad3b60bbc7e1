import Basics
import Simulator
import TestKit
import Testing
import Web

/// The same over a real socket, with a client that is not ours.
@Suite(.timeLimit(.minutes(5))) struct ServeTests {
    @Test(.enabled(if: Shell.has("curl"))) func curlSeesPagesAndFaults() async throws {
        let simulator = try Simulator(options: SimulatorOptions(limits: .generous))
        simulator.seedDroplets(count: 250)
        let server = try simulator.serve()
        let base = "http://127.0.0.1:\(server.port)"
        func curl(_ arguments: String) -> (status: Int32, output: String) {
            Shell.run("curl -s -m 20 -H 'Authorization: Bearer t' \(arguments)")
        }
        let page = curl("-D - '\(base)/v2/droplets?per_page=200'")
        #expect(page.status == 0)
        #expect(page.output.hasPrefix("HTTP/1.1 200"))
        #expect(page.output.lowercased().contains("\r\nratelimit-remaining: "))
        #expect(page.output.contains("\"next\":\"\(base)/v2/droplets?page=2&per_page=200\""))
        #expect(
            curl("-o /dev/null -w '%{http_code}' -X DELETE '\(base)/digitalocean/v2/droplets?tag_name=x'").output
                == "204")

        simulator.order(FaultOrder("GET", "/v2/account", .dropAfter))
        simulator.order(FaultOrder("GET", "/v2/sizes", .brokenTransfer))
        simulator.order(FaultOrder("GET", "/v2/regions", .slow(.milliseconds(1))))
        #expect(curl("\(base)/v2/account").status == 52, "an empty reply")
        #expect(curl("-o /dev/null \(base)/v2/sizes").status == 18, "a partial file")
        #expect(curl("\(base)/v2/regions").output.contains("Singapore"))
        // The headers come at once, the body in pieces: whoever gives up meanwhile has a part of it.
        simulator.order(FaultOrder("GET", "/v2/regions", .slowBody(.milliseconds(8))))
        let slow = curl("-D - \(base)/v2/regions")
        #expect(slow.output.lowercased().contains("transfer-encoding: chunked") && slow.output.hasSuffix("}"))
        #expect(slow.output.contains("Singapore") && slow.status == 0)
        simulator.order(FaultOrder("GET", "/v2/regions", .slowBody(.seconds(600))))
        let late = curl("-m 1 -o /dev/null -w '%{http_code}' \(base)/v2/regions")
        #expect(late.status == 28 && late.output == "200", "\(late)")
        let ordered = curl("-X POST -d '\"GET /v2/images html=503\"' \(base)/_simulator/faults")
        #expect(ordered.output == #"{"orders":["GET /v2/images html=503 x1"]}"#)
        #expect(curl("-o /dev/null -w '%{http_code} %{content_type}' \(base)/v2/images").output == "503 text/html")
        await server.stop(drain: .seconds(1))
    }
}
