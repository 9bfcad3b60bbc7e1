// One of several processes that use the same credential at the same time: sends requests as fast as its budget lets it.
//
// usage: budget-child STORE|alone URL REQUESTS PRIORITY
import Basics
import Glibc
import HTTPClient
import Reconciler
import Store
import StorePostgres
import StoreSQLite

let arguments = CommandLine.arguments
guard arguments.count == 5, let count = Int(arguments[3]),
    let priority = RequestPriority.allCases.first(where: { "\($0)" == arguments[4] })
else {
    StandardStreams.error("usage: budget-child STORE|alone URL REQUESTS PRIORITY\n")
    exit(64)
}
let (place, url) = (arguments[1], arguments[2])
let time = SystemTime()
var store: Store?
if place.hasPrefix("postgres") {
    store = Store(engine: try await PostgresEngine.open(Secret(place)), time: time)
} else if place != "alone" {
    store = Store(engine: try await SQLiteEngine.open(path: place), time: time)
}
let book = BudgetBook(store: store, time: time, holder: "child/\(getpid())")
let token = Secret("the one of all")
let configuration = RequestBudgetConfiguration(
    windows: [.init(limit: 40, per: .seconds(1))], concurrency: 8, margin: .milliseconds(50))
let client = APIClient(
    provider: "budget-test", baseURL: url, authorization: token, transport: CurlTransport(),
    budget: book.budget(provider: "budget-test", credential: token, configuration), retry: .never, time: time,
    random: .system())

// All begin at once: the answer to this comes when the last of them has asked.
_ = try await CurlTransport().send(HTTPRequest("GET", "\(url)/ready", timeout: .seconds(60)))
let statuses = await (0..<count).mapBounded(limit: 8) { _ in
    (try? await client.call("GET", "/send/\(priority)", priority: priority, deadline: .minutes(2)))?.status ?? 0
}
await book.giveBack()
await store?.close()
StandardStreams.output("\(statuses.count { $0 == 200 }) of \(count)\n")
