#![forbid(unsafe_code)]
//! The codes of all messages: one row each, with the class named in the message and an explanation.
//!
//! Promises: ids are unique and never reused. E01 lexical and syntax, E02 types, E03 linearity,
//! E04 names, macros and aliases, E05 limits, E09 not built yet, W warnings.

macro_rules! codes {
    ($($name:ident $id:literal $class:literal $about:literal;)+) => {
        /// What a message is about. Its text form is the id, such as `E0203`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $about] $name,)+ }

        impl Code {
            /// Every code, in the order of this table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The stable id, such as `E0203`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $id,)+ }
            }

            /// The class of the message, such as `type error`.
            pub fn class(self) -> &'static str {
                match self { $(Code::$name => $class,)+ }
            }

            /// One sentence about the code.
            pub fn about(self) -> &'static str {
                match self { $(Code::$name => $about,)+ }
            }
        }
    };
}

codes! {
    UnexpectedCharacter "E0101" "syntax error" "A character that starts no token.";
    BadLiteral "E0102" "syntax error" "A literal that is malformed or does not fit its type.";
    UnexpectedToken "E0103" "syntax error" "A token where the grammar wants another.";
    UnclosedDelimiter "E0104" "syntax error" "A bracket, brace, parenthesis or string that is never closed.";
    ChainedComparison "E0105" "syntax error" "Comparisons do not chain.";
    RenamedKeyword "E0106" "syntax error" "A name from older versions of the language.";

    OperandMismatch "E0201" "type error" "The operands of an operator have different types.";
    OperandKind "E0202" "type error" "An operator or function does not work on this type.";
    MergeMismatch "E0203" "type error" "A merged value is not what the builder collects.";
    TypeMismatch "E0204" "type error" "A value has another type than its place requires.";
    CannotInfer "E0205" "type error" "Nothing in the program determines this type.";
    InfiniteType "E0206" "type error" "A type would have to contain itself.";
    ArgumentCount "E0207" "type error" "A call with too few or too many arguments.";
    NoSuchField "E0208" "type error" "A struct has no field of this number.";
    NotABuilder "E0209" "type error" "A builder is required here.";
    NotALambda "E0210" "type error" "A lambda is required here, or not allowed here.";
    BadCast "E0211" "type error" "Only scalars can be cast.";
    KeyType "E0212" "type error" "A dictionary cannot find values of this type again.";
    BadMergeOperator "E0214" "type error" "A merger needs an associative and commutative operator.";
    BuilderPlacement "E0215" "linearity error" "A builder may not be stored here.";
    BadFor "E0221" "type error" "`for` needs a vector, a builder and a function of three parameters.";

    BuilderUsedTwice "E0310" "linearity error" "A builder is used twice (rule L1).";
    ResultInLoop "E0311" "linearity error" "`result` reads a builder that its loop is still filling (rule L5).";
    BuilderInBranches "E0312" "linearity error" "A builder is used by a condition and its branches, or by an operand (rule L2).";
    NotDerived "E0313" "linearity error" "The loop body does not return its own builder (rule L3).";
    BuilderCaptured "E0314" "linearity error" "A lambda uses a builder bound outside it (rule L4).";
    IterateBuilder "E0318" "linearity error" "The builders of an iterate state change places (rule L8).";

    UnknownName "E0401" "name error" "No value has this name.";
    UnknownType "E0402" "name error" "No type or alias has this name.";
    DuplicateName "E0403" "name error" "The same name is defined twice.";
    UnknownFunction "E0404" "name error" "No macro or lambda has this name.";
    MacroArguments "E0405" "macro error" "A macro called with a wrong number of arguments.";
    RecursiveMacro "E0406" "macro error" "A macro expands to itself.";
    ParameterType "E0407" "type error" "A parameter of the program needs a type.";
    UnknownCFunction "E0408" "name error" "No C function has this name, in the process or in a loaded library.";

    NestingTooDeep "E0501" "limit error" "The program is nested too deeply.";
    ProgramTooLarge "E0502" "limit error" "The program, or what its macros expand to, is too large.";
    TypeTooLarge "E0503" "limit error" "A type has too many fields or is nested too deeply.";

    NotBuiltYet "E0901" "limit error" "A part of the language that this version cannot compile yet.";

    HexByteTrap "W0101" "warning" "A hexadecimal literal that ends in `c` is an i8.";
    MissingComma "W0102" "warning" "Arguments of cudf without commas.";
    UnknownAnnotation "W0201" "warning" "An annotation key that nothing reads.";
    BuilderDropped "W0301" "warning" "A builder that is never used (rule L7).";
    OuterBuilderName "W0302" "warning" "The outer name of the builder is used inside the loop.";
    FreeMacroName "W0401" "warning" "A macro body uses a name of the place where it is called.";
}

impl Code {
    /// The rule of LANGUAGE 11 that the code stands for, such as `L1`, as its explanation names it.
    pub fn rule(self) -> Option<&'static str> {
        let (_, rest) = self.about().split_once("(rule ")?;
        rest.split_once(')').map(|(rule, _)| rule)
    }

    /// Errors stop the program, warnings do not.
    pub fn is_error(self) -> bool {
        self.id().starts_with('E')
    }
}
