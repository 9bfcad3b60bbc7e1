import Basics

extension Gate {
    /// The guard of `check_supabase_bucket_env.py`, without its hole: a list of nothing but commas is no bucket.
    static let bucketPrefix = Gate(
        name: "supabase_bucket_env", title: "Buckets of staging and production carry the prefix of their environment."
    ) { context, report in
        /// White space as Python's `strip` takes it, for what can stand in a variable.
        func strip(_ text: some StringProtocol) -> String {
            var rest = Array(text.utf8)[...]
            while let first = rest.first, isSpace(first) { rest = rest.dropFirst() }
            while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
            return String(decoding: rest, as: UTF8.self)
        }
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) || (28...31).contains(byte) }
        let environment = strip(context.inputs.variables["DEPLOY_ENV"] ?? "").lowercased()
        guard !environment.isEmpty else {
            report.unknown(
                .missingInput, "DEPLOY_ENV is not set", at: nil,
                hint: "Set DEPLOY_ENV to preview, development, dev, staging or production.")
            return ""
        }
        if ["preview", "development", "dev"].contains(environment) {
            return "\(environment) may use any bucket"
        }
        guard ["staging", "production"].contains(environment) else {
            report.unknown(
                .unknownWord, "DEPLOY_ENV is \(quoted(environment)), which is no environment", at: nil,
                hint: didYouMean(
                    environment, among: ["preview", "development", "dev", "staging", "production"],
                    else: "Write preview, development, dev, staging or production."))
            return ""
        }
        let buckets = (context.inputs.variables["SUPABASE_STORAGE_BUCKET"] ?? "")
            .split(separator: ",").map { strip($0) }.filter { !$0.isEmpty }
        guard !buckets.isEmpty else {
            report.unknown(
                .missingInput, "SUPABASE_STORAGE_BUCKET names no bucket", at: nil,
                hint: "Name the buckets of \(environment), separated by commas.")
            return ""
        }
        let prefix = environment == "staging" ? "staging-" : "prod-"
        for bucket in buckets where !bucket.hasPrefix(prefix) {
            report.fail(
                .bucketPrefix, "the bucket \(quoted(bucket)) of \(environment) doesn't begin with \(prefix)", at: nil,
                hint: "Name a bucket of \(environment): the prefix keeps its data apart from other environments'.")
        }
        return
            "\(buckets.count.of("bucket of \(environment) begins", "buckets of \(environment) begin")) with \(prefix)"
    }
}
