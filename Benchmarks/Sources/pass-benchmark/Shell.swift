import Basics

/// What one run of a program cost.
struct Cost {
    /// Wall-clock milliseconds from start to exit.
    let time: Double
    /// Milliseconds of processor time.
    let processor: Double
    /// Peak resident memory in MiB.
    let memory: Double
}

/// Runs programs.
struct Shell {
    /// The program that measures others.
    let measure: String
    var environment: [String: String]

    /// Runs a program and gives what it printed.
    ///
    /// - Throws: `Failure` when it doesn't end well.
    @discardableResult
    func run(_ program: String, _ arguments: [String], in directory: String? = nil) async throws(Failure) -> String {
        let command = ["/usr/bin/env"] + (directory.map { ["-C", $0] } ?? []) + [program] + arguments
        let outcome = await ChildProcess.run(
            command[0], Array(command.dropFirst()), environment: environment, deadline: .minutes(3))
        guard outcome.isSuccess else {
            throw Failure(
                "\(program) \(arguments.joined(separator: " ")) failed: "
                    + String(decoding: outcome.errorOutput.suffix(800), as: UTF8.self))
        }
        return String(decoding: outcome.output, as: UTF8.self)
    }

    /// Runs a program some times.
    ///
    /// - Returns: the cost of each run.
    /// - Throws: `Failure` when a run doesn't end well.
    func costs(_ runs: Int, _ program: String, _ arguments: [String]) async throws(Failure) -> [Cost] {
        var costs: [Cost] = []
        for _ in 0..<runs {
            let text = try await run(measure, [program] + arguments)
            let numbers = text.split { $0 == " " || $0 == "\n" }.compactMap { Double($0) }
            guard numbers.count == 4, numbers[3] == 0 else {
                throw Failure("\(program) \(arguments.joined(separator: " ")) failed: \(text)")
            }
            costs.append(Cost(time: numbers[0] / 1e3, processor: numbers[1] / 1e3, memory: numbers[2] / 1_024))
        }
        return costs
    }
}

/// The benchmark can't go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension [Cost] {
    /// The run that other programs disturbed least.
    var fastest: Double { map(\.time).min() ?? 0 }
    /// The largest peak of all runs.
    var memory: Double { map(\.memory).max() ?? 0 }
    var processor: Double { map(\.processor).min() ?? 0 }
}
