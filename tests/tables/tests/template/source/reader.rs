//! From files to functions: follows the modules of a crate, tests left out, and notes what stands in each body.

use super::{Call, Function};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// Reads the files of one crate.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) found: Vec<Function>,
    owner: Option<String>,
    modules: Vec<String>,
}

impl Reader {
    /// Reads a file and the modules it declares, which lie in `folder`.
    pub(super) fn read(&mut self, path: &Path, folder: &Path) {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.visit_file(&file);
        for module in std::mem::take(&mut self.modules) {
            let inner = folder.join(&module);
            let beside: PathBuf = folder.join(format!("{module}.rs"));
            let path = if beside.exists() {
                beside
            } else {
                inner.join("mod.rs")
            };
            self.read(&path, &inner);
        }
    }

    fn keep(
        &mut self,
        signature: &syn::Signature,
        block: &syn::Block,
        attributes: &[syn::Attribute],
    ) {
        let arity = signature
            .inputs
            .iter()
            .filter(|input| matches!(input, syn::FnArg::Typed(_)))
            .count();
        let function = Function {
            owner: self.owner.clone(),
            name: signature.ident.to_string(),
            arity,
            ..Function::default()
        };
        let mut body = Body { function };
        body.function
            .routes
            .extend(attributes.iter().filter_map(described_route));
        body.visit_block(block);
        self.found.push(body.function);
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if is_test(&module.attrs) {
            return;
        }
        match module.content {
            Some(_) => visit::visit_item_mod(self, module),
            None => self.modules.push(module.ident.to_string()),
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let owner = self.owner.take();
        self.keep(&function.sig, &function.block, &function.attrs);
        self.owner = owner;
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let syn::Type::Path(of) = &*block.self_ty else {
            return;
        };
        self.owner = of
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string());
        visit::visit_item_impl(self, block);
        self.owner = None;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.keep(&function.sig, &function.block, &function.attrs);
    }
}

struct Body {
    function: Function,
}

impl<'ast> Visit<'ast> for Body {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        if name == "index_name" {
            self.function
                .indexes
                .extend(call.args.first().and_then(literal));
        }
        if name == "route" {
            self.function.routes.extend(routes(call));
        }
        self.function.calls.insert(Call::Method {
            name,
            arity: call.args.len(),
        });
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let mut names = path
            .path
            .segments
            .iter()
            .rev()
            .map(|segment| segment.ident.to_string());
        if let Some(name) = names.next() {
            let owner = names
                .next()
                .filter(|owner| owner.starts_with(char::is_uppercase));
            self.function.calls.insert(Call::Path { owner, name });
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_field(&mut self, access: &'ast syn::ExprField) {
        if let (syn::Expr::Field(base), syn::Member::Named(table)) = (&*access.base, &access.member)
            && matches!(&base.member, syn::Member::Named(name) if name == "tables")
        {
            self.function.tables.insert(table.to_string());
        }
        visit::visit_expr_field(self, access);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.function.literals.insert(text.value());
    }

    /// Most macros hold expressions; those that do not (logging with its `%`) hold no call to AWS.
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        let expressions =
            syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        let last = invocation
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        match invocation.parse_body_with(expressions) {
            Ok(expressions) => expressions
                .iter()
                .for_each(|expression| self.visit_expr(expression)),
            Err(_) => assert!(
                WITHOUT_CALLS.contains(&last.as_str()),
                "`{last}!` hides what it calls from this test"
            ),
        }
    }
}

/// Macros whose bodies need not be expressions.
const WITHOUT_CALLS: [&str; 12] = [
    "debug",
    "error",
    "error_span",
    "event",
    "format",
    "info",
    "info_span",
    "json",
    "matches",
    "trace",
    "warn",
    "path",
];

/// The names of a struct's fields.
pub(crate) fn fields_of(path: &Path, name: &str) -> BTreeSet<String> {
    let file = syn::parse_file(&std::fs::read_to_string(path).expect("the file is there"))
        .expect("it is Rust");
    let wanted = file.items.iter().find_map(|item| match item {
        syn::Item::Struct(found) if found.ident == name => Some(&found.fields),
        _ => None,
    });
    let fields = wanted.unwrap_or_else(|| panic!("{} has no struct `{name}`", path.display()));
    fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .map(ToString::to_string)
        .collect()
}

fn literal(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The routes of one `.route("/path", get(..).put(..))`.
fn routes(call: &syn::ExprMethodCall) -> Vec<(String, String)> {
    let mut arguments = call.args.iter();
    let Some(path) = arguments.next().and_then(literal) else {
        return Vec::new();
    };
    let mut methods = Vec::new();
    let mut handlers = arguments.next();
    while let Some(expression) = handlers {
        handlers = None;
        match expression {
            syn::Expr::MethodCall(more) => {
                methods.push(more.method.to_string());
                handlers = Some(&more.receiver);
            }
            syn::Expr::Call(syn::ExprCall { func, .. }) => {
                if let syn::Expr::Path(function) = &**func {
                    methods.extend(
                        function
                            .path
                            .segments
                            .last()
                            .map(|segment| segment.ident.to_string()),
                    );
                }
            }
            _ => {}
        }
    }
    methods
        .into_iter()
        .map(|method| (path.clone(), method.to_uppercase()))
        .collect()
}

/// The route that `#[utoipa::path(get, path = "/x", ..)]` describes.
fn described_route(attribute: &syn::Attribute) -> Option<(String, String)> {
    let list = attribute.meta.require_list().ok()?;
    if list
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .ne(["utoipa", "path"])
    {
        return None;
    }
    let text = list.tokens.to_string();
    let (method, rest) = text.split_once(',')?;
    let (_, path) = rest.split_once("path = \"")?;
    Some((
        path.split_once('"')?.0.to_owned(),
        method.trim().to_uppercase(),
    ))
}
